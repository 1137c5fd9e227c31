"""One run over one shot: which drawing is coloured from which, and what is remembered."""
