"""A source of clips: dressed 2D puppets."""
