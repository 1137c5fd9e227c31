"""The subcommands of scripts/pixels.py."""
