"""The fixed addresses of servers, as settings have them."""

from __future__ import annotations

from components.config import Settings, places
from components.config.redis_servers import RedisServer
from components.network import DataAddresses


def shared_addresses(settings: Settings) -> DataAddresses:
    """The fixed addresses on the data tier."""
    subnet = settings.network["data"].subnet
    if subnet is None:
        raise ValueError("the data tier has no subnet; settings refuse that")
    return DataAddresses(subnet=subnet)


def own_addresses(settings: Settings, app: str) -> DataAddresses:
    """The fixed addresses on an app's own network."""
    return DataAddresses.own(places.own_subnet(settings, app))


def redis_addresses(at: DataAddresses, server: RedisServer) -> tuple[str, str]:
    """The fixed address of a Redis server among `at`, and that of the relay which leads to it."""
    if server.purpose is None:
        return at.redis, at.redis_forwarder
    number = server.databases[server.purpose]
    return at.purpose(number), at.purpose_forwarder(number)
