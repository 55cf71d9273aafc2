"""The jobs of a backup container, larger ones first, and which of them stands in for which.

Pure. The stack file's schedules, the container's program and the commands on the host take them from here.
"""

from __future__ import annotations

from typing import Final

TYPES: Final = {"full": "full", "differential": "diff", "incremental": "incr"}  # and pgBackRest's word for each
BACKUPS: Final = tuple(TYPES)
RESTORE_TEST: Final = "restore_test"
JOBS: Final = (*BACKUPS, RESTORE_TEST)


def counting(job: str) -> tuple[str, ...]:
    """The jobs of which a success is one of `job` too: a larger backup has what a smaller one would have."""
    return BACKUPS[: BACKUPS.index(job) + 1] if job in BACKUPS else (job,)


def covered(job: str) -> tuple[str, ...]:
    """The jobs that needn't be done in the same minute as `job`, itself the first."""
    return tuple(one for one in JOBS if job in counting(one))
