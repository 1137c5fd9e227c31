"""Baselines, metrics and protocols; NumPy only, so that any matcher can be measured."""
