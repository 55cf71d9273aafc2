"""The backup container's program, which it is given with the modules of `components` that it uses."""

from typing import Final

MODULES: Final = ("components/backup_jobs.py", "components/cron.py", "components/table_facts.py")
