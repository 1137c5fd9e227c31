"""Colour the bundled sample shot: ``python3 scripts/demo.py [--out FOLDER]``.

Makes an environment of its own (.venv-demo, run-time packages only), colours samples/saha with
the embedded model and names the contact sheet that shows the result.
"""

import argparse
import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import _env

SHOT = os.path.join("samples", "saha")


def main():
    """Set up, colour the sample, name the contact sheet."""
    parser = argparse.ArgumentParser(description="Colour the bundled sample shot.")
    parser.add_argument("--out", default=os.path.join(_env.ROOT, "out", "demo"))
    out = os.path.abspath(parser.parse_args().out)
    python = _env.ensure(".venv-demo", ["cpu"])
    if os.path.isfile(os.path.join(out, "report.json")):
        shutil.rmtree(out)  # only ever a demo's result: the demo shows the work, not a resumed run
    code = _env.run([python, "-m", "ant_core", "propagate", SHOT, "--out", out])
    if code == 0:
        _env.say("The coloured frames on one page: %s" % os.path.join(out, "contact_sheet.png"))
    return code


if __name__ == "__main__":
    sys.exit(_env.main_of(main))
