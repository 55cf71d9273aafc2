"""PostgreSQL: servers, databases, roles and grants."""

from components.postgres.database import AppDatabase, AppDatabaseArgs
from components.postgres.server import PostgresServer, PostgresServerArgs
from components.postgres.unified import UnifiedPostgres, UnifiedPostgresArgs

__all__ = [
    "AppDatabase",
    "AppDatabaseArgs",
    "PostgresServer",
    "PostgresServerArgs",
    "UnifiedPostgres",
    "UnifiedPostgresArgs",
]
