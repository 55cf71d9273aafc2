"""Docker networks, volumes, images and containers, with the states of the official docker plugin 5.2.0.

Owns the `docker` package of the embedded engine. Does not build images, log in to registries or know Swarm: such
properties and types are refused by name.
"""

from embedded.providers.docker._provider import DockerProvider

__all__ = ["DockerProvider"]
