"""How a card is used: calls of one shape, compiled and recorded, and what was measured about it. Nothing of it changes
pictures by more than rounding, and a processor needs none of it.
"""
