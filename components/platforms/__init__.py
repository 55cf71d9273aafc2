"""The one seam between Docker and Kubernetes: what components ask of a platform.

Components above it know neither; a platform below it knows neither apps nor databases. Sizes are MiB and cores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pulumi

from components.platforms.lifecycle import Lifecycle

__all__ = [
    "Health",
    "Join",
    "Lifecycle",
    "Mount",
    "NetworkSpec",
    "Platform",
    "Published",
    "SecretFiles",
    "Stored",
    "Workload",
    "WorkloadSpec",
]


@dataclass(frozen=True, kw_only=True)
class NetworkSpec:
    """One network. `publish_only`: its containers can be published and can't talk to each other."""

    name: str
    internal: bool = False
    subnet: str | None = None
    gateway: str | None = None
    handed_out: str | None = None
    publish_only: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Join:
    """A workload's place in a network: names it answers to there, and its fixed address if it has one."""

    network: pulumi.Input[str]
    aliases: Sequence[str] = ()
    address: str | None = None


@dataclass(frozen=True, kw_only=True)
class Published:
    """A port of a workload that is reachable on `address` of the host."""

    host: int
    container: int
    address: str


@dataclass(frozen=True, kw_only=True)
class Mount:
    """A volume inside a workload."""

    volume: pulumi.Input[str]
    path: str
    read_only: bool = False


@dataclass(frozen=True, kw_only=True)
class Health:
    """Readiness over the path that clients use: a command, how often it runs and how long it may take, in seconds."""

    command: Sequence[str]
    interval: int = 2
    timeout: int = 3
    retries: int = 45
    start_period: int = 5


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A volume: its name and the resource that others wait for."""

    name: pulumi.Output[str]
    resource: pulumi.Resource


@dataclass(frozen=True, kw_only=True)
class SecretFiles:
    """Files readable by one workload only; `ready` is the resource after which they are there, None while stopped."""

    volume: pulumi.Output[str]
    ready: pulumi.Resource | None


@dataclass(frozen=True, kw_only=True)
class WorkloadSpec:
    """One long-running container.

    `reservation` is the memory that it keeps when the host runs short, None for no promise; `cpu_weight` its share of
    the processors where others want them too, None for the usual one. `capabilities` are those it
    keeps; all the others are dropped. It is asked to stop by `stop_signal`, and killed
    after `grace` seconds.
    """

    name: str
    image: pulumi.Input[str]
    memory: int
    cpu: float
    joins: Sequence[Join]
    labels: Mapping[str, str]
    reservation: int | None = None
    cpu_weight: int | None = None
    command: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    mounts: Sequence[Mount] = ()
    published: Sequence[Published] = ()
    health: Health | None = None
    capabilities: Sequence[str] = ()
    shared_memory: int | None = None
    stop_signal: str | None = None
    grace: int = 30


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A container: its name on its networks, and the resource that others wait for, None while stopped."""

    name: pulumi.Output[str]
    resource: pulumi.CustomResource | None


class Platform(Protocol):
    """What a platform can do. `opts` are those of the calling component's child."""

    def network(self, name: str, spec: NetworkSpec, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
        """A network; its name once it exists."""

    def volume(
        self,
        name: str,
        volume: str,
        labels: Mapping[str, str],
        opts: pulumi.ResourceOptions,
        storage: int | None = None,
    ) -> Stored:
        """A volume called `volume`, meant to hold `storage` MiB; not every platform can hold it to that."""

    def secret_files(
        self,
        name: str,
        owner: str,
        files: Mapping[str, pulumi.Input[str]],
        opts: pulumi.ResourceOptions,
        owned: Mapping[str, int] | None = None,
        borrowed: Sequence[str] = (),
    ) -> SecretFiles:
        """A volume with `files` (name to content) for the workload called `owner`.

        Those named in `owned` only that user of the workload may read: servers refuse a private key that others can.
        Those `borrowed` have another app's login, which is said for whoever looks after that.
        """

    def image(self, reference: str) -> pulumi.Output[str]:
        """The id of an image, one resource for each reference however often it is asked for."""

    def workload(self, name: str, spec: WorkloadSpec, opts: pulumi.ResourceOptions) -> Workload:
        """A running container, ready by its health check."""


def present(*resources: pulumi.Resource | None) -> list[pulumi.Resource]:
    """Those that there are."""
    return [resource for resource in resources if resource is not None]


def merged(opts: pulumi.ResourceOptions, **more: Any) -> pulumi.ResourceOptions:
    """`opts` with `more` on top."""
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(**more))
