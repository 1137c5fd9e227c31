"""Generated data, networks, training and evaluation; nothing of it is imported when colouring."""
