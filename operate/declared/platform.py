"""A platform that notes what components ask of the one around which it stands.

The notes are taken at the seam, so that whatever a component declares is in them, and a platform that comes later is
noted as Docker is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi

from components.platforms import NetworkSpec, Platform, SecretFiles, Stored, Workload, WorkloadSpec
from operate.declared.inventory import Container, Network, Port, Volume

_MEBIBYTE: Final = 1024 * 1024
_CONNECTIONS: Final = re.compile(r"max_connections=([0-9]+)")
_COMPONENT, _TIER, _APP = "data-tier.component", "data-tier.tier", "data-tier.app"


class NotingPlatform:
    """Hands everything on to `inner` and keeps what was asked for, in the order of asking."""

    def __init__(self, inner: Platform) -> None:
        self._inner = inner
        self._images: dict[int, str] = {}
        self._outputs: list[pulumi.Output[str]] = []
        self.networks: list[Network] = []
        self.volumes: list[Volume] = []
        self.containers: dict[str, Container] = {}

    def network(self, name: str, spec: NetworkSpec, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
        """The network of the platform within."""
        note = Network(
            name=spec.name,
            tier=spec.labels.get(_TIER, ""),
            app=spec.labels.get(_APP),
            internal=spec.internal,
            publish_only=spec.publish_only,
            subnet=spec.subnet,
        )
        self.networks.append(note)
        return self._inner.network(name, spec, opts)

    def volume(
        self,
        name: str,
        volume: str,
        labels: Mapping[str, str],
        opts: pulumi.ResourceOptions,
        storage: int | None = None,
    ) -> Stored:
        """The volume of the platform within."""
        held = None if storage is None else storage * _MEBIBYTE
        self.volumes.append(Volume(name=volume, kind=labels.get(_COMPONENT, ""), storage=held))
        return self._inner.volume(name, volume, labels, opts, storage)

    def secret_files(
        self,
        name: str,
        owner: str,
        files: Mapping[str, pulumi.Input[str]],
        opts: pulumi.ResourceOptions,
        owned: Mapping[str, int] | None = None,
        borrowed: Sequence[str] = (),
    ) -> SecretFiles:
        """The files of the platform within; what fills them runs for a moment and isn't counted."""
        return self._inner.secret_files(name, owner, files, opts, owned, borrowed)

    def image(self, reference: str) -> pulumi.Output[str]:
        """The image of the platform within; its reference is kept, as an id says nothing to a person."""
        made = self._inner.image(reference)
        self._outputs.append(made)  # so that no other object gets its id()
        self._images[id(made)] = reference
        return made

    def workload(self, name: str, spec: WorkloadSpec, opts: pulumi.ResourceOptions) -> Workload:
        """The container of the platform within."""
        self.containers[spec.name] = self._container(spec, (), ())
        pulumi.Output.all(
            networks=[join.network for join in spec.joins], volumes=[mount.volume for mount in spec.mounts]
        ).apply(lambda found: self._joined(spec, found))
        return self._inner.workload(name, spec, opts)

    def _joined(self, spec: WorkloadSpec, found: Mapping[str, Any]) -> None:
        self.containers[spec.name] = self._container(spec, tuple(found["networks"]), tuple(found["volumes"]))

    def _container(self, spec: WorkloadSpec, networks: tuple[str, ...], volumes: tuple[str, ...]) -> Container:
        limit = _CONNECTIONS.search(" ".join(spec.command))
        return Container(
            name=spec.name,
            kind=spec.labels.get(_COMPONENT, ""),
            app=spec.labels.get(_APP),
            tier=spec.labels.get(_TIER, ""),
            image=spec.image if isinstance(spec.image, str) else self._images.get(id(spec.image), ""),
            memory=spec.memory * _MEBIBYTE,
            reservation=(spec.reservation or 0) * _MEBIBYTE,
            cpu=spec.cpu,
            networks=networks,
            volumes=volumes,
            published=tuple(
                Port(host=one.host, container=one.container, address=one.address) for one in spec.published
            ),
            connections=int(limit[1]) if limit else None,
        )
