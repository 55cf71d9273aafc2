"""`python -m images build`: build the images that a stack needs."""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext, redirect_stdout

from images import build
from images.errors import ImageError


def main() -> int:
    """Run the command; the exit code for the shell."""
    parser = argparse.ArgumentParser(prog="python -m images", description=__doc__)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("build", help="build what is missing")
    command.add_argument("--postgres", default="pgvector/pgvector:pg16", help="the image that the stack file names")
    command.add_argument("--redis", default="redis:7-alpine", help="the image that the stack file names")
    command.add_argument("--mongo", help="the image that the stack file names; none is built without")
    command.add_argument("--parts", nargs="+", default=[], choices=build.PARTS, help="those that only some stacks have")
    command.add_argument("--source", default="auto", choices=build.SOURCES)
    command.add_argument("--suite", default="trixie", help="the Debian release, where no registry answers")
    command.add_argument("--json", action="store_true", help="print only the decision, as JSON, on stdout")
    given = parser.parse_args()
    try:
        with redirect_stdout(sys.stderr) if given.json else nullcontext():
            decision = build.ensure(
                given.postgres, given.redis, given.source, given.suite, given.mongo, parts=given.parts
            )
    except ImageError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if given.json:
        print(build.as_json(decision))
    return 0


if __name__ == "__main__":
    sys.exit(main())
