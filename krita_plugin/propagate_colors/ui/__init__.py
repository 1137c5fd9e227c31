"""Widgets: they show what the controller knows and pass on what the artist does."""
