"""Comparisons inside the engine: what is painted side by side, how it is measured, and what follows. No torch."""
