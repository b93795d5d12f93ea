"""Training a style: pictures, a LoRA adapter on a copy of the base model, early stopping, and what is saved of it.

recipe      the numbers of a run, and each profile's own
data/       where pictures come from: WikiArt, a folder, the project's drawings
base        the model that is trained on, a copy of its own
encoding    pictures and captions as the model reads them, computed once
noising     what the model is shown and asked for
adapter     the LoRA matrices: made, read, written
trainer     steps and held-out losses; stopping says when it is enough
checkpoint  where a run that was cut off goes on
training    all of it, in small pieces that others can run between their own work
saving      the style's folder: written, read again, checked, moved into place
"""
