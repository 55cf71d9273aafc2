"""One Docker host as a platform.

Owns how networks, volumes, secret files and containers are written so that the official plugin reads back what was
declared: explicit names, ports ordered and with an address, memory with its swap limit, durations as Go prints them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pulumi
import pulumi_docker as docker

from components.platforms import NetworkSpec, SecretFiles, Stored, Workload, WorkloadSpec, merged

_WAIT_SECONDS = 120
_LOGS = {"max-size": "10m", "max-file": "3"}
# By a rename, so that who reads a file while it changes gets the old or the new content, and never half of one.
_PUT = """\
set -eu
put() { cp "/in/$1" "/out/.$1"; chown "$2" "/out/.$1"; chmod "$3" "/out/.$1"; mv "/out/.$1" "/out/$1"; }"""
_PUBLISH_OPTIONS = {
    "com.docker.network.bridge.enable_icc": "false",
    "com.docker.network.bridge.enable_ip_masquerade": "false",
    "com.docker.network.bridge.host_binding_ipv4": "127.0.0.1",
}


class DockerPlatform:
    """Carries out what components ask, on the host that the Docker provider talks to."""

    def __init__(self, *, stack_label: str, helper_image: str) -> None:
        self._stack_label = stack_label
        self._helper_image = helper_image
        self._images: dict[str, pulumi.Output[str]] = {}
        self._placed: list[docker.Network] = []

    def image(self, reference: str) -> pulumi.Output[str]:
        """The id of an image; kept on the host, because other stacks may run it."""
        if reference not in self._images:
            name = "image-" + re.sub(r"[^A-Za-z0-9]+", "-", reference)
            self._images[reference] = docker.RemoteImage(name, name=reference, keep_locally=True).image_id
        return self._images[reference]

    def network(self, name: str, spec: NetworkSpec, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
        """A bridge network. Fixed addresses lie outside the range that Docker hands out.

        One without a subnet comes after the tiers with one: Docker chooses a range that is free then, or takes theirs.
        Not after those of apps: an app more changes nothing of what is there.
        """
        ipam = docker.NetworkIpamConfigArgs(subnet=spec.subnet, gateway=spec.gateway, ip_range=spec.handed_out)
        made = docker.Network(
            name,
            name=spec.name,
            driver="bridge",
            internal=spec.internal,
            ipam_configs=[ipam] if spec.subnet else None,
            options=_PUBLISH_OPTIONS if spec.publish_only else None,
            labels=[docker.NetworkLabelArgs(label=key, value=value) for key, value in self._labels(spec.labels)],
            opts=opts if spec.subnet else merged(opts, depends_on=list(self._placed)),
        )
        if spec.subnet and "data-tier.app" not in spec.labels:
            self._placed.append(made)
        return made.name

    def volume(
        self,
        name: str,
        volume: str,
        labels: Mapping[str, str],
        opts: pulumi.ResourceOptions,
        storage: int | None = None,  # noqa: ARG002  local volumes have no limit
    ) -> Stored:
        """A local volume."""
        made = docker.Volume(
            name,
            name=volume,
            labels=[docker.VolumeLabelArgs(label=key, value=value) for key, value in self._labels(labels)],
            opts=opts,
        )
        return Stored(name=made.name, resource=made)

    def secret_files(
        self,
        name: str,
        owner: str,
        files: Mapping[str, pulumi.Input[str]],
        opts: pulumi.ResourceOptions,
        owned: Mapping[str, int] | None = None,
        borrowed: Sequence[str] = (),
    ) -> SecretFiles:
        """A volume filled by a container that ends at once and has no network.

        Content goes through the Docker API's copy, so it is in no environment, command or label.
        """
        volume = self.volume(name, f"{owner}-secrets", {"data-tier.component": "secrets"}, opts)
        uses = {"data-tier.uses": " ".join(sorted(borrowed))} if borrowed else {}
        fill = docker.Container(
            f"{name}-fill",
            name=f"{owner}-secrets-fill",
            image=self.image(self._helper_image),
            entrypoints=["sh", "-c"],
            command=[_fill(sorted(files), owned or {})],
            must_run=False,
            attach=True,
            logs=False,
            network_mode="none",
            uploads=[
                docker.ContainerUploadArgs(file=f"/in/{file}", content=content)
                for file, content in sorted(files.items())
            ],
            volumes=[docker.ContainerVolumeArgs(volume_name=volume.name, container_path="/out")],
            labels=self._container_labels({"data-tier.component": "secrets", **uses}),
            opts=opts,
        )
        return SecretFiles(volume=volume.name, ready=fill)

    def workload(self, name: str, spec: WorkloadSpec, opts: pulumi.ResourceOptions) -> Workload:
        """A container that runs until it is told to stop, with the fewest rights that it starts with."""
        container = docker.Container(
            name,
            name=spec.name,
            hostname=spec.name,
            image=spec.image,
            command=list(spec.command) or None,
            envs=[f"{key}={value}" for key, value in sorted(spec.env.items())] or None,
            restart="unless-stopped",
            init=True,  # as process 1 PostgreSQL takes a stray health check's exit code for a crash of its own
            must_run=True,
            memory=spec.memory,
            memory_reservation=spec.reservation,
            memory_swap=spec.memory,
            cpus=f"{spec.cpu:g}",
            cpu_shares=spec.cpu_weight,
            shm_size=spec.shared_memory,
            capabilities=docker.ContainerCapabilitiesArgs(adds=_capabilities(spec), drops=["ALL"]),
            security_opts=["no-new-privileges:true"],
            networks_advanced=_networks(spec),
            ports=_ports(spec),
            volumes=[
                docker.ContainerVolumeArgs(
                    volume_name=mount.volume, container_path=mount.path, read_only=mount.read_only or None
                )
                for mount in spec.mounts
            ]
            or None,
            uploads=[docker.ContainerUploadArgs(file=path, content=text) for path, text in sorted(spec.files.items())]
            or None,
            labels=self._container_labels(spec.labels),
            log_driver="json-file",
            log_opts=_LOGS,
            stop_signal=spec.stop_signal,
            destroy_grace_seconds=spec.grace,
            healthcheck=_healthcheck(spec),
            wait=True if spec.health else None,
            wait_timeout=_WAIT_SECONDS if spec.health else None,
            opts=merged(opts, delete_before_replace=True),
        )
        return Workload(name=container.name, resource=container)

    def _labels(self, labels: Mapping[str, str]) -> list[tuple[str, str]]:
        return sorted({"data-tier.stack": self._stack_label, **labels}.items())

    def _container_labels(self, labels: Mapping[str, str]) -> list[docker.ContainerLabelArgs]:
        return [docker.ContainerLabelArgs(label=key, value=value) for key, value in self._labels(labels)]


def _fill(files: Sequence[str], owned: Mapping[str, int]) -> str:
    """Each file appears whole under its name, because a running server or app may read it; what is gone is removed."""
    modes = {file: f"{owned[file]} 0400" if file in owned else "0 0444" for file in files}
    puts = [f"put {file} {mode}" for file, mode in modes.items()]
    return "\n".join([_PUT, *puts, 'for old in /out/*; do [ -e "/in/${old##*/}" ] || rm -f "$old"; done'])


def _capabilities(spec: WorkloadSpec) -> list[str] | None:
    """KILL with those that change the user: the init stays root and has to pass the signal to stop on."""
    kept = {*spec.capabilities, *(["KILL"] if "SETUID" in spec.capabilities else [])}
    return [f"CAP_{capability}" for capability in sorted(kept)] or None


def _networks(spec: WorkloadSpec) -> list[docker.ContainerNetworksAdvancedArgs]:
    return [
        docker.ContainerNetworksAdvancedArgs(
            name=join.network, aliases=list(join.aliases) or None, ipv4_address=join.address
        )
        for join in spec.joins
    ]


def _ports(spec: WorkloadSpec) -> list[docker.ContainerPortArgs] | None:
    return [
        docker.ContainerPortArgs(internal=port.container, external=port.host, ip=port.address, protocol="tcp")
        for port in sorted(spec.published, key=lambda port: port.container)
    ] or None


def _healthcheck(spec: WorkloadSpec) -> docker.ContainerHealthcheckArgs | None:
    if spec.health is None:
        return None
    return docker.ContainerHealthcheckArgs(
        tests=list(spec.health.command),
        interval=_duration(spec.health.interval),
        timeout=_duration(spec.health.timeout),
        start_period=_duration(spec.health.start_period),
        retries=spec.health.retries,
    )


def _duration(seconds: int) -> str:
    """Seconds as Go's time.Duration prints them; any other spelling differs on every run."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes}m{rest}s"
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
