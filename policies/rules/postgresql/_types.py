"""Type tokens of the provider, and the property that holds a role's name."""

from __future__ import annotations

from typing import Final

ROLE: Final = "postgresql:index/role:Role"
GRANT: Final = "postgresql:index/grant:Grant"
GRANT_ROLE: Final = "postgresql:index/grantRole:GrantRole"
DEFAULT_PRIVILEGES: Final = "postgresql:index/defaultPrivileges:DefaultPrivileges"
DEFAULT_PRIVILEGES_ALIAS: Final = "postgresql:index/defaultPrivileg:DefaultPrivileg"  # the provider's older name
DATABASE: Final = "postgresql:index/database:Database"
SCHEMA: Final = "postgresql:index/schema:Schema"
EXTENSION: Final = "postgresql:index/extension:Extension"
FUNCTION: Final = "postgresql:index/function:Function"
SERVER: Final = "postgresql:index/server:Server"
USER_MAPPING: Final = "postgresql:index/userMapping:UserMapping"
SUBSCRIPTION: Final = "postgresql:index/subscription:Subscription"
PUBLICATION: Final = "postgresql:index/publication:Publication"
REPLICATION_SLOT: Final = "postgresql:index/replicationSlot:ReplicationSlot"
PHYSICAL_SLOT: Final = "postgresql:index/physicalReplicationSlot:PhysicalReplicationSlot"
PROVIDER: Final = "pulumi:providers:postgresql"

GRANTS: Final = frozenset({GRANT, DEFAULT_PRIVILEGES, DEFAULT_PRIVILEGES_ALIAS})
