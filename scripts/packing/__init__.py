"""What a release is made of; `scripts/package.py` is its command line."""
