"""Run the command line as `python -m ant_core`."""

from ant_core.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
