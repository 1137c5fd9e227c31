"""Exact colour values of any colour model and depth."""
