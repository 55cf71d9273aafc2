"""Redis: servers with named databases, and an app's user on one."""

from components.redis.server import PORT, RedisWithDbs, RedisWithDbsArgs
from components.redis.user import RedisUser, RedisUserArgs

__all__ = ["PORT", "RedisUser", "RedisUserArgs", "RedisWithDbs", "RedisWithDbsArgs"]
