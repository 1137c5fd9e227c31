"""Descriptors of a drawing, the match of two drawings, and the fills that follow from it."""
