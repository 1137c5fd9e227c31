"""Prints the JSON Schema of a document: `python -m ant_core.schemas report`."""

import argparse
import json
import sys
from typing import get_args

from ant_core.schemas import SchemaName, load_schema

if __name__ == "__main__":
    parser = argparse.ArgumentParser("ant_core.schemas", description=__doc__)
    parser.add_argument("name", choices=get_args(SchemaName))
    json.dump(load_schema(parser.parse_args().name), sys.stdout, indent=2)
    sys.stdout.write("\n")
