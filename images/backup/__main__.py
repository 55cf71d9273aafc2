"""`python3 -m images.backup`: serve; run KIND; list; point DATABASE TIME; whole STEP.

Started as root it hands its folders over and goes on as the user `backup`, with the one right to read files of others:
the server's data folder, which is mounted read-only.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import asdict
from datetime import datetime
from typing import Any

import psycopg

from components import backup_jobs
from images.backup import common, jobs, members, point, repository, state, whole
from images.backup.common import FOLDER, SCRATCH, USER, BackupError

_AS_ROOT = (["whole", "replace"], ["whole", "back"], ["whole", "finish"])  # the server's files get its owner


def main(arguments: list[str]) -> int:
    """The exit code."""
    if os.geteuid() == 0 and arguments[:2] not in _AS_ROOT:
        for folder in (FOLDER, SCRATCH):
            shutil.chown(folder, USER, USER)
            folder.chmod(0o700)
        common.step_down(USER, ["images.backup", *arguments], "dac_override")
    command, *rest = arguments or [""]
    try:
        common.write_runtime()
        settings = common.settings()
        members.follow(settings)
        if command == "serve":
            from images.backup.serve import serve

            serve(settings)
        elif command == "run" and rest and rest[0] in backup_jobs.JOBS:
            print(json.dumps(jobs.carry_out(settings, rest[0])))
        elif command == "list":
            print(json.dumps(_listed()))
        elif command == "point" and len(rest) == 2:  # noqa: PLR2004
            point.write(settings, rest[0], datetime.fromisoformat(rest[1]))
        elif command == "whole" and (answer := whole.told(settings, rest)) is not None:
            print(answer)
        else:
            kinds = "|".join(backup_jobs.JOBS)
            print(f"usage: serve | run {kinds} | list | point DATABASE TIME | whole STEP", file=sys.stderr)
            return 2
    except (BackupError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except psycopg.Error as error:
        print(f"error: the server can't be asked: {str(error).strip().splitlines()[0]}", file=sys.stderr)
        return 1
    return 0


def _listed() -> dict[str, Any]:
    backups = repository.saved()
    return {
        "backups": [{**asdict(one), "evidence": _brief(state.evidence(one.label))} for one in backups],
        "runs": state.runs(),
    }


def _brief(evidence: dict[str, Any] | None) -> dict[str, Any] | None:
    """Without every table's sum."""
    return evidence and {"left_out": evidence["left_out"], "tests": evidence["tests"]}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
