"""`make bench`: all the figures of docs/benchmarks.md, or those that are named: `python -m benchmarks slope many`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from benchmarks import (
    compose,
    idle,
    many,
    monitoring,
    neighbour,
    policies,
    pooler,
    preview,
    rebuild,
    results,
    slope,
    standby,
    systems,
)
from benchmarks.results import Result

BENCHMARKS: dict[str, Callable[[], Result]] = {
    "preview": preview.measured,
    "slope": slope.measured,
    "many": many.measured,
    "compose": compose.measured,
    "idle": idle.measured,
    "systems": systems.measured,
    "pooler": pooler.measured,
    "policies": policies.measured,
    "neighbour": neighbour.measured,
    "monitoring": monitoring.measured,
    "standby": standby.measured,
    "rebuild": rebuild.measured,
}


def main() -> int:
    """Measure what is named, or everything; a missed target is a result, not a failure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(BENCHMARKS)}; all without one")
    names: list[str] = parser.parse_args().names or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    written = [results.keep(BENCHMARKS[name]()) for name in names]
    print(f"\nwritten: {', '.join(str(path.relative_to(results.FOLDER.parents[1])) for path in written)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
