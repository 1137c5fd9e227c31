"""Propagate Colors: colour a shot of drawn frames from a few painted ones."""

__version__ = "0.1.0"
