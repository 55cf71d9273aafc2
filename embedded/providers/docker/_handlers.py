"""Every resource type's handler. Imported with the first call to a daemon: the Docker SDK takes a while to load."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from embedded.providers.docker._container import Containers
from embedded.providers.docker._handler import Handler
from embedded.providers.docker._image import Images
from embedded.providers.docker._network import Networks
from embedded.providers.docker._volume import Volumes

HANDLERS: Final[Mapping[str, Handler]] = {
    handler.schema.type: handler for handler in (Networks(), Volumes(), Images(), Containers())
}
