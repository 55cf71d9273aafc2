"""The backup container's program, which it is given with the other modules that it uses."""

from typing import Final

MODULES: Final = (
    "components/backup_jobs.py",
    "components/cron.py",
    "components/table_facts.py",
    "images/exposition.py",
)
