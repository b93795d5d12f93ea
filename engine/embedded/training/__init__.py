"""The embedded model trained again from nothing: `python -m engine.embedded.training --out DIR`."""
