"""Libraries that a PostgreSQL server loads when it starts, because the stack file asks for what they do.

By the server's own section and never by the extensions of apps: a new app must not change a server's command.
"""

from __future__ import annotations

from components.config.models import Postgres


def preloaded(server: Postgres) -> dict[str, str]:
    """The parameters that load and set them; none where nothing is asked for."""
    libraries = [
        name for name, wanted in (("pgaudit", server.audit), ("pg_stat_statements", server.statements)) if wanted
    ]
    found = {"shared_preload_libraries": ",".join(libraries)} if libraries else {}
    if server.audit:
        found["pgaudit.log"] = ",".join(server.audit)
    return found
