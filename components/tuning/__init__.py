"""What sizes itself: each value with the rule that it follows and where that comes from.

One table of rules per kind of server: what the server is started with and what `operate explain` prints are the same
list. `EXPLAINERS` is where another part of a stack adds its own.
"""

from collections.abc import Callable, Iterator
from typing import Final

from components.config.models import Settings
from components.tuning import mongo_servers, poolers, postgres_servers, redis_servers
from components.tuning.explained import Explained, Sized

EXPLAINERS: Final[tuple[Callable[[Settings], Iterator[Sized]], ...]] = (
    postgres_servers.sized,
    poolers.sized,
    redis_servers.sized,
    mongo_servers.sized,
)

__all__ = ["EXPLAINERS", "Explained", "Sized", "sized"]


def sized(settings: Settings) -> Iterator[Sized]:
    """Everything in a stack that sizes itself, by container."""
    for explainer in EXPLAINERS:
        yield from explainer(settings)
