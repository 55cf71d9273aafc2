"""PostgreSQL: servers, databases, roles and grants."""

from components.postgres.database import AppDatabase, AppDatabaseArgs, DatabaseSpec
from components.postgres.external import ExternalPostgres, ExternalPostgresArgs, ExternalServer, ExternalServerArgs
from components.postgres.isolated import IsolatedPostgres, IsolatedPostgresArgs
from components.postgres.server import PostgresServer, PostgresServerArgs
from components.postgres.unified import UnifiedPostgres, UnifiedPostgresArgs

__all__ = [
    "AppDatabase",
    "AppDatabaseArgs",
    "DatabaseSpec",
    "ExternalPostgres",
    "ExternalPostgresArgs",
    "ExternalServer",
    "ExternalServerArgs",
    "IsolatedPostgres",
    "IsolatedPostgresArgs",
    "PostgresServer",
    "PostgresServerArgs",
    "UnifiedPostgres",
    "UnifiedPostgresArgs",
]
