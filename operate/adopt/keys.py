"""What is said about each key of a compose service that a stack file has no place for.

A table: the key, why it isn't carried over, what to do. `CARRIED` are keys that are, or that mean nothing there.
"""

from __future__ import annotations

from typing import Final

CARRIED: Final = frozenset(
    {
        *("image", "container_name", "environment", "env_file", "networks", "ports", "depends_on", "links", "volumes"),
        *("command", "build", "deploy", "mem_limit", "cpus", "extends", "expose", "restart", "hostname", "pull_policy"),
        *("init", "tty", "stdin_open", "stop_grace_period", "shm_size", "attach", "mem_reservation", "cpu_shares"),
    }
)
_CONTAINER: Final = "say it in the image, or leave the service outside of the stack"
LEFT: Final[dict[str, tuple[str, str]]] = {
    "healthcheck": ("servers have health checks of their own, services none", "leave it in the image (HEALTHCHECK)"),
    "privileged": ("a privileged container owns the host, and the policy pack refuses it", _CONTAINER),
    "cap_add": ("services get no capabilities beyond Docker's own", _CONTAINER),
    "devices": ("services get no devices", _CONTAINER),
    "security_opt": ("the stack sets its own", "nothing, unless the service needs it: then leave it outside"),
    "network_mode": ("services are on the networks of their tiers", "name its tier in the stack file"),
    "entrypoint": ("the image's own is run", "build an image with this entrypoint"),
    "user": ("the image's own is taken", "build an image with this USER"),
    "working_dir": ("the image's own is taken", "build an image with this WORKDIR"),
    "profiles": ("a stack has no profiles: the service always runs", "take it out of the stack file if it shouldn't"),
    "labels": ("the stack sets its own labels", "give a proxy its routes in its own configuration"),
    "logging": ("Docker's default is taken", "set it for the daemon (daemon.json)"),
    "secrets": ("secrets of the file aren't copied", "the URLs of stores come as files; give others by the image"),
    "configs": ("a service has no files of its own", "build an image that holds them"),
    "extra_hosts": ("a service finds others by DNS alone", "use host names that DNS knows"),
    "dns": ("Docker's own DNS is used", "nothing, unless it needs names of yours"),
    "sysctls": ("a service has none", "set them in the image's start, or on the host"),
    "ulimits": ("the daemon's own are taken", "set them for the daemon (default-ulimits)"),
    "tmpfs": ("a service has no mounts", "use /tmp of the container"),
    "volumes_from": ("a service has no mounts", "build an image that holds the files"),
    "platform": ("the daemon's own is taken", "give an image of this platform"),
    "pid": ("a service has its own processes alone", _CONTAINER),
    "ipc": ("a service has its own memory alone", _CONTAINER),
    "gpus": ("a service gets no GPU", _CONTAINER),
    "runtime": ("the daemon's own is taken", "set it for the daemon (default-runtime)"),
    "read_only": ("the stack sets it for servers alone", "nothing to do"),
    "scale": ("an app has one container", "run more of them outside, with `./operatew env APP`"),
    "post_start": ("a service has no hooks", "do it in the image's start"),
    "pre_stop": ("a service has no hooks", "do it in the image's end"),
    "develop": ("a stack doesn't watch sources", "keep a compose file for development"),
}
DEPLOY: Final[dict[str, tuple[str, str]]] = {
    "replicas": ("an app has one container", "run more of them outside, with `./operatew env APP`"),
    "mode": ("an app has one container on one host", "run more of them outside, with `./operatew env APP`"),
    "placement": ("the stack is on one host", "nothing to do on one host"),
    "update_config": ("a changed service is replaced at once", "plan a few seconds without it"),
    "rollback_config": ("a changed service is replaced at once", "go back by the stack file before and `up`"),
    "endpoint_mode": ("there is no swarm", "nothing to do"),
    "restart_policy": ("containers start again unless they are stopped", "nothing to do"),
    "labels": ("the stack sets its own labels", "give a proxy its routes in its own configuration"),
}
OTHER: Final = ("the stack file has no such key", "do without it, or leave the service outside of the stack")
QUIET_DEPLOY: Final = frozenset({"resources"})
