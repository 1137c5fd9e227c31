"""The plugin's version, in a file that needs no other."""

__version__ = "0.7.0"
