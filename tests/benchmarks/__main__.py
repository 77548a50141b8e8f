"""`python -m tests.benchmarks [NAME …]`."""

from __future__ import annotations

import argparse
import sys

from rich.console import Console

from tests.benchmarks.harness import Benchmark, BenchmarkError, Result, Rounds
from tests.benchmarks.output import Terminal, show, write
from tests.benchmarks.places import CHECKOUT, RESULTS
from tests.benchmarks.suite import BENCHMARKS


def main(arguments: list[str] | None = None) -> int:
    """Measures; 0 also where a goal is missed, 1 where a benchmark could not be run, 2 for an unknown name."""
    parser = _parser()
    options = parser.parse_args(arguments)
    by_name = {benchmark.name: benchmark for benchmark in BENCHMARKS}
    if unknown := [name for name in options.names if name not in by_name]:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(by_name)}")
    wanted = [by_name[name] for name in dict.fromkeys(options.names)] or list(BENCHMARKS)
    results = []
    with Terminal() as terminal:
        for benchmark in wanted:
            result = _measured(benchmark, benchmark.quick if options.quick else benchmark.rounds, terminal)
            if result:
                results.append(result)
                # After each, so that an interrupted run leaves what it has.
                write(RESULTS, results, by_name)
    if results:
        console = Console()
        show(console, results)
        console.print(f"Written to {RESULTS.relative_to(CHECKOUT)}.", highlight=False)
    return 0 if len(results) == len(wanted) else 1


def _measured(benchmark: Benchmark, rounds: int, terminal: Terminal) -> Result | None:
    terminal.begin(benchmark, rounds)
    try:
        samples = benchmark.run(Rounds(rounds, terminal))
    except BenchmarkError as error:
        terminal.end(benchmark, str(error))
        return None
    terminal.end(benchmark)
    return Result(benchmark, samples)


def _parser() -> argparse.ArgumentParser:
    width = max(len(benchmark.name) for benchmark in BENCHMARKS)
    listed = "\n".join(f"  {benchmark.name:{width}}  {benchmark.what}" for benchmark in BENCHMARKS)
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        usage="%(prog)s [--quick] [NAME …]",
        description="Measures, prints a table, and writes build/benchmarks.json. Without names, everything.",
        epilog=f"names:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="what to measure")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, for a first impression")
    return parser


if __name__ == "__main__":
    sys.exit(main())
