"""Comparing approaches, styles and weights: numbers with intervals, a verdict in words, and a report. No torch."""
