"""Benchmarks: `python -m tests.benchmarks` measures, prints a table and writes build/benchmarks.json.

Each one measures two sides, alternately and in one run, so that whatever else the machine does falls on both. None of
them is a test: what misses its goal is printed, and fails nothing.
"""
