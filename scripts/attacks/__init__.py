"""What `scripts/attack.py` does, a kind of attack a file."""
