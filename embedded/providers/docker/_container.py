"""Containers: the order of calls that make, change and remove one. Bodies and outputs are built elsewhere."""

from __future__ import annotations

import time
from typing import Any, Final

import requests
from docker import APIClient

from embedded.providers import bridge
from embedded.providers.base import InitializationError, ProviderError
from embedded.providers.docker import _container_state as state
from embedded.providers.docker import _uploads
from embedded.providers.docker._client import APIError, ImageNotFound, NotFound, explained, reason
from embedded.providers.docker._container_config import body, megabytes, restart_policy
from embedded.providers.docker._container_schema import CONTAINER
from embedded.values import Properties

_TIMEOUT: Final = 1200.0  # seconds; upstream's own for every operation
_POLL: Final = 0.25  # seconds between two looks at the health; upstream looks every second
_READ_BACK: Final = ("command", "entrypoints", "envs", "labels", "securityOpts")
_UPDATABLE: Final = ("restart", "maxRetryCount", "cpuShares", "memory", "memoryReservation", "cpuSet", "memorySwap")


class Containers:
    """docker:index/container:Container. The id is Docker's."""

    schema = CONTAINER

    def create(self, client: APIClient, new: Properties, timeout: float | None) -> tuple[str, Properties]:
        """Create, connect, upload, start, wait, attach: upstream's order.

        What fails before the container runs removes it again. A container that runs but does not get right stays,
        so that its logs can be read, and is replaced by the next run.
        """
        id = _create(client, new)
        try:
            _connect(client, id, new)
            _uploads.send(client, id, new.get("uploads") or ())
            if new.get("start", True):
                with explained(f"starting container '{new['name']}'"):
                    client.start(id)
        except Exception as error:
            _withdraw(client, id, new, error)
            raise
        logs = None
        deadline = time.monotonic() + (timeout or _TIMEOUT)
        if new.get("start", True) and new.get("wait"):
            _wait_healthy(client, id, new)
        if new.get("attach"):
            logs = _wait_ended(client, id, new, deadline)
        try:
            seen = _inspect(client, id)
        except ProviderError as error:
            raise _unfinished(str(error), id, new) from error
        if seen is None:
            raise ProviderError(f"container '{new['name']}' is gone after its start; with rm=True keep attach unset")
        return id, {**state.created(new, seen), "containerLogs": logs}

    def read(
        self, client: APIClient, id: str, inputs: Properties, outputs: Properties
    ) -> tuple[str, Properties] | None:
        """By id; by id or name for an import."""
        seen = _inspect(client, id)
        if seen is None:
            return None
        if outputs or inputs:
            known = {
                **state.declared(inputs),
                **{key: value for key, value in outputs.items() if not key.startswith("__")},
            }
            return seen["Id"], state.refreshed(known, seen)
        with explained(f"reading the image of container '{id}'"):
            try:
                image = client.inspect_image(seen["Image"])  # type: ignore[no-untyped-call]  # the stubs leave it untyped
            except NotFound:
                image = {}
        return seen["Id"], state.imported(seen, image)

    def update(self, client: APIClient, id: str, old: Properties, new: Properties, planned: Properties) -> Properties:
        """Limits and restart policy; a container found stopped is started."""
        name = new["name"]
        policy: Any = restart_policy(new)
        if any(old.get(key) != planned.get(key) for key in _UPDATABLE):
            with explained(f"updating container '{name}'"):
                client.update_container(
                    id,
                    cpu_shares=new.get("cpuShares"),
                    cpuset_cpus=new.get("cpuSet"),
                    mem_limit=megabytes(new.get("memory")),
                    mem_reservation=megabytes(new.get("memoryReservation")),
                    memswap_limit=megabytes(new.get("memorySwap")),
                    restart_policy=policy,
                )
        result = {**planned, **{key: 0 for key in _UPDATABLE if planned.get(key) is None and old.get(key)}}
        stopped = not old.get("mustRun", True) and new.get("mustRun", True)
        if new.get("start", True) and (stopped or not old.get("start", True)):
            with explained(f"starting container '{name}'"):
                client.start(id)
            seen = _inspect(client, id)
            if seen:  # addresses may be others now
                result["networkDatas"] = state.refreshed(result, seen)["networkDatas"]
        return result

    def delete(self, client: APIClient, id: str, outputs: Properties, timeout: float | None) -> None:  # noqa: ARG002
        """Stops with the declared grace (none declared is none given, as upstream), then removes."""
        name = outputs.get("name") or id
        try:
            with explained(f"stopping container '{name}'"):
                if not outputs.get("attach"):
                    client.stop(id, timeout=int(outputs.get("destroyGraceSeconds") or 0))
            _remove(client, id, name, volumes=outputs.get("removeVolumes") is not False)
        except ProviderError as error:
            if not isinstance(error.__cause__, NotFound):
                raise


def _create(client: APIClient, new: Properties) -> str:
    name = new["name"]
    try:
        with explained(f"creating container '{name}'"):
            made = client.create_container_from_config(body(new), name)  # type: ignore[no-untyped-call]  # untyped stub
            return str(made["Id"])
    except ProviderError as error:
        cause = error.__cause__
        if isinstance(cause, APIError) and cause.status_code == 409:  # noqa: PLR2004 HTTP conflict
            raise ProviderError(_holder(client, name, reason(cause))) from error
        if isinstance(cause, ImageNotFound):
            raise ProviderError(
                f"{error}; build or load that image on this host, or declare it as a RemoteImage"
            ) from error
        raise


def _holder(client: APIClient, name: str, said: str) -> str:
    """Who has the name, and what to do."""
    seen = _inspect(client, name)
    if seen is None:
        return f"creating container '{name}': {said}"
    return (
        f"the name '{name}' is held by container {seen['Id'][:12]} (image {seen['Config']['Image']}, "
        f"{seen['State']['Status']}), which is not in this stack's state; remove it (docker rm -f {name}), "
        f"import it, or choose another name"
    )


def _connect(client: APIClient, id: str, new: Properties) -> None:
    networks = new.get("networksAdvanced") or ()
    if not networks:
        return
    with explained(f"disconnecting container '{new['name']}' from bridge"):
        try:
            client.disconnect_container_from_network(id, "bridge")
        except APIError as error:
            if "is not connected to" not in reason(error):
                raise
    for network in networks:
        options = dict(item.split("=", 1) for item in network.get("driverOpts") or () if "=" in item)
        with explained(f"connecting container '{new['name']}' to network '{network['name']}'"):
            client.connect_container_to_network(
                id,
                network["name"],
                aliases=network.get("aliases"),
                ipv4_address=network.get("ipv4Address"),
                ipv6_address=network.get("ipv6Address"),
                link_local_ips=network.get("linkLocalIps"),
                mac_address=network.get("macAddress"),
                driver_opt=options or None,
            )


def _withdraw(client: APIClient, id: str, new: Properties, error: Exception) -> None:
    """Removes a container that never ran; if that fails too the state must know of it."""
    try:
        _remove(client, id, new["name"], volumes=True)
    except ProviderError as second:
        raise _unfinished(f"{error}; removing the container failed too: {second}", id, new) from error


def _unfinished(message: str, id: str, new: Properties) -> InitializationError:
    """The container stays; lists that were never read back make the next run replace it."""
    outputs = bridge.lost(bridge.planned(CONTAINER, new))
    return InitializationError(message, id, {**outputs, "id": id, **dict.fromkeys(_READ_BACK)})


def _wait_healthy(client: APIClient, id: str, new: Properties) -> None:
    name, seconds = new["name"], float(new.get("waitTimeout") or 60)
    deadline = time.monotonic() + seconds
    while True:
        try:
            seen = _inspect(client, id)
        except ProviderError as error:
            raise _unfinished(str(error), id, new) from error
        now = (seen or {}).get("State") or {}
        health = (now.get("Health") or {}).get("Status")
        if health == "healthy":
            return
        if health is None and now.get("Running"):
            raise _unfinished(
                f"container '{name}' has no health check to wait for; set healthcheck or drop wait", id, new
            )
        if not now.get("Running") and (new.get("restart") or "no") == "no":
            code = now.get("ExitCode")
            raise _unfinished(
                f"container '{name}' ended with exit code {code} instead of getting healthy; "
                f"look at 'docker logs {name}'; the next run replaces it",
                id,
                new,
            )
        if time.monotonic() > deadline:
            raise _unfinished(
                f"container '{name}' did not get healthy within {seconds:g} s (it is {health or 'not running'}); "
                f"look at 'docker logs {name}' and 'docker inspect {name}'; the next run replaces it",
                id,
                new,
            )
        time.sleep(_POLL)


def _wait_ended(client: APIClient, id: str, new: Properties, deadline: float) -> str | None:
    name = new["name"]
    try:
        with explained(f"waiting for the end of container '{name}'"):
            client.wait(id, timeout=max(1, int(deadline - time.monotonic())), condition="not-running")
            return client.logs(id).decode(errors="replace") if new.get("logs") else None
    except ProviderError as error:
        late = isinstance(error.__cause__, (requests.ReadTimeout, requests.ConnectionError))
        message = f"container '{name}' was to end (attach=True) and still runs; look at 'docker logs {name}'"
        raise _unfinished(message if late else str(error), id, new) from error


def _inspect(client: APIClient, id: str) -> dict[str, Any] | None:
    with explained(f"reading container '{id}'"):
        try:
            seen: dict[str, Any] = client.inspect_container(id)
        except NotFound:
            return None
    return seen


def _remove(client: APIClient, id: str, name: str, *, volumes: bool) -> None:
    try:
        with explained(f"removing container '{name}'"):
            client.remove_container(id, v=volumes, force=True)
    except ProviderError as error:
        cause = error.__cause__
        if isinstance(cause, NotFound):
            return
        if not (isinstance(cause, APIError) and "already in progress" in reason(cause)):
            raise
    deadline = time.monotonic() + 30  # seconds; a daemon that still removes needs a moment
    while _inspect(client, id) is not None and time.monotonic() < deadline:
        time.sleep(_POLL)


def discard(client: APIClient, new: Properties) -> bool:
    """Remove what a creation with these inputs has left; whether there was anything.

    Raises ProviderError for a container of that name which this creation can't have made.
    """
    seen = _inspect(client, new["name"])
    if seen is None:
        return False
    planned, found = body(new), seen["Config"]
    same = all(found.get(key) == planned[key] for key in ("Image", "Cmd", "Entrypoint") if key in planned)
    labels, env = planned.get("Labels", {}), set(planned.get("Env", ()))
    if not (same and labels.items() <= (found.get("Labels") or {}).items() and env <= set(found.get("Env") or ())):
        raise ProviderError(_holder(client, new["name"], ""))
    _remove(client, seen["Id"], new["name"], volumes=True)
    return True
