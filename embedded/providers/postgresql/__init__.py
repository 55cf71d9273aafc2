"""The postgresql package of the embedded engine: roles, databases, schemas, extensions, grants.

Does not manage servers, replication, functions or foreign data; their types are refused by name.
"""

from embedded.providers.postgresql._provider import PostgresqlProvider

__all__ = ["PostgresqlProvider"]
