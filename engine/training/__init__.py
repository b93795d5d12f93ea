"""Training a style: pictures, a LoRA adapter on a copy of the base model, early stopping, and what is saved of it.

prepare     an order refused, or its pictures fetched; estimate: what it would cost
recipe      the numbers of a run, and each profile's own; continued: those of a run that goes on
data/       where pictures come from: WikiArt, a folder, the project's drawings
split       which pictures are held out; the generators for everything random
base        the model that is trained on, a copy of its own
encoding    latents and text embeddings of all pictures, computed once
noising     noised latents and their target
adapter     the LoRA matrices: made, read, written
trainer     one step, and the held-out losses
rounds      epoch after epoch; stopping: when it is enough; pace: how long a step takes
checkpoint  what a run that was cut off goes on from; tensors: a safetensors file
training    all of it, in small pieces that others can run between their own work
finishing   from the best adapter to a style: samples, plot, card, formats for other programs
saving      the style's folder: written, read again, checked, moved into place
"""
