"""Krita's Python interface: every raw call of it, and its pixels as pictures."""
