"""Planes of part ids drawn as ink."""
