"""The benchmarks behind scripts/benchmark.py, one module each: add_arguments(parser), run(args)."""
