"""How a card, which is what the code calls a CUDA device, is used: by calls of one shape, compiled and recorded, in
sizes that were measured. Nothing here changes pictures by more than rounding, and a processor needs none of it.
"""
