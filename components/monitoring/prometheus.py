"""Prometheus: its container on a network of its own with the exporters, and what it reads, put there while it runs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_command as command

from components.config.models import Monitoring
from components.forwarder import ForwarderArgs, reach
from components.monitoring.configuration import FOLDER, Target, files
from components.monitoring.exporter import ALIVE, IMAGE, programs
from components.naming import alertmanager_relay, monitoring_network, prometheus_name
from components.outlet import Outlet, OutletArgs
from components.platforms import Health, Join, Mount, NetworkSpec, Platform, WorkloadSpec, merged, present

PORT: Final = 9090
_DATA: Final = "/var/lib/monitoring"
_LABELS: Final = {"data-tier.component": "prometheus", "data-tier.tier": "monitoring"}
_RUN: Final = ".venv/bin/python -m operate.monitoring configure"  # relative to the project


@dataclass(frozen=True, kw_only=True)
class PrometheusArgs:
    """What Prometheus is built from; `renew_days` before a certificate's end it is renewed."""

    platform: Platform
    prefix: str
    settings: Monitoring
    renew_days: int


class Prometheus(pulumi.ComponentResource):
    """Asks every exporter, keeps what they tell, and fires alerts."""

    hostname: str
    """Its container."""

    network: pulumi.Output[str]
    """The network that exporters join."""

    def __init__(self, name: str, args: PrometheusArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("data-tier:monitoring:Prometheus", name, {}, opts)
        self._name, self._args, self._mine = name, args, pulumi.ResourceOptions(parent=self)
        self.hostname = prometheus_name(args.prefix)
        spec = NetworkSpec(name=monitoring_network(args.prefix), internal=True, labels={"data-tier.tier": "monitoring"})
        self.network = args.platform.network(f"{name}-network", spec, self._mine)
        volumes = {
            path: args.platform.volume(f"{name}-{kind}", f"{self.hostname}-{kind}", _LABELS, self._mine)
            for kind, path in (("data", _DATA), ("config", FOLDER))
        }
        mounts = {path: volume.name for path, volume in volumes.items()}
        after = merged(self._mine, depends_on=[volume.resource for volume in volumes.values()])
        spec_ = _spec(args, self.hostname, self.network, mounts)
        self._container = args.platform.workload(f"{name}-container", spec_, after).resource
        self._ways()
        self.register_outputs({"container": self.hostname})

    def _ways(self) -> None:
        """In from the host's loopback, and out to the Alertmanager, where they are asked for."""
        args, settings = self._args, self._args.settings
        way = ForwarderArgs(
            platform=args.platform,
            server=self.hostname,
            address="",
            port=PORT,
            expose=settings.expose,
            network=self.network,
            own=None,
            labels={"data-tier.tier": "monitoring"},
        )
        reach(f"{self._name}-forwarder", way, self._container, self._mine)
        if settings.alertmanager:
            host, _, port = settings.alertmanager.rpartition(":")
            outlet = OutletArgs(
                platform=args.platform,
                name=alertmanager_relay(args.prefix),
                host=host,
                address=host,
                port=int(port),
                connections=10,
                network=self.network,
                labels={},
            )
            Outlet(f"{self._name}-alertmanager", outlet, self._mine)

    def ask(self, targets: Sequence[Target]) -> None:
        """Have it ask exactly these; apart from the constructor, for they are made after its network."""
        if self._container is None:
            return
        texts = files(self._args.settings, self._args.renew_days, targets)
        command.local.Command(
            f"{self._name}-configured",
            create=_RUN,
            update=_RUN,
            environment={"MONITORING_CONTAINER": self.hostname, "MONITORING_FILES": json.dumps(texts)},
            opts=merged(self._mine, depends_on=present(self._container), deleted_with=self._container),
        )


def _spec(
    args: PrometheusArgs, hostname: str, network: pulumi.Output[str], volumes: Mapping[str, pulumi.Output[str]]
) -> WorkloadSpec:
    its = args.settings
    flags = [
        f"--storage.tsdb.path={_DATA}",
        f"--storage.tsdb.retention.time={its.retention}d",
        f"--storage.tsdb.retention.size={its.storage}MB",
        f"--web.listen-address=0.0.0.0:{PORT}",
        "--log.level=warn",
    ]
    return WorkloadSpec(
        name=hostname,
        image=args.platform.image(IMAGE),
        command=["python3", "-B", "/opt/data-tier/prometheus.py", *flags],
        files=programs("prometheus"),
        joins=[Join(network=network)],
        mounts=[Mount(volume=volume, path=path) for path, volume in volumes.items()],
        memory=its.memory,
        cpu=its.cpu,
        health=Health(command=["CMD-SHELL", ALIVE], interval=5, timeout=5),
        labels=_LABELS,
        grace=30,
    )
