"""MongoDB: servers, and an app's users with their own database on one."""

from components.mongo.server import PORT, MongoServer, MongoServerArgs
from components.mongo.user import MongoUser, MongoUserArgs

__all__ = ["PORT", "MongoServer", "MongoServerArgs", "MongoUser", "MongoUserArgs"]
