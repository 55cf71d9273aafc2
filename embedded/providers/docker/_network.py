"""Networks: create, read back, delete."""

from __future__ import annotations

import time
from typing import Final

from docker import APIClient
from docker.types import IPAMConfig, IPAMPool

from embedded.providers import bridge
from embedded.providers.base import InitializationError, ProviderError
from embedded.providers.docker._client import APIError, NotFound, explained, reason
from embedded.providers.docker._labels import from_labels, to_labels
from embedded.providers.docker._schemas import NETWORK
from embedded.values import Properties

_REMOVAL_SECONDS: Final = 30.0  # upstream's own; endpoints of stopped containers leave a moment later


class Networks:
    """docker:index/network:Network. The id is Docker's."""

    schema = NETWORK

    def create(self, client: APIClient, new: Properties, timeout: float | None) -> tuple[str, Properties]:  # noqa: ARG002
        """Refuses a name that is taken: two networks of one name can't be told apart by containers."""
        name = new["name"]
        with explained(f"looking for network '{name}'"):
            taken = [found for found in client.networks(names=[name]) if found["Name"] == name]
        if taken:
            raise ProviderError(
                f"network '{name}' exists already and is not in this stack's state; remove it "
                f"(docker network rm {name}), import it, or choose another name"
            )
        ipam = IPAMConfig(
            driver=new.get("ipamDriver") or "default",
            pool_configs=[_pool(config) for config in new.get("ipamConfigs") or ()],
            options=new.get("ipamOptions"),
        )
        with explained(f"creating network '{name}'"):
            made = client.create_network(
                name,
                driver=new.get("driver"),
                options=new.get("options"),
                ipam=ipam,
                check_duplicate=True,
                internal=bool(new.get("internal")),
                labels=from_labels(new.get("labels")),
                enable_ipv6=bool(new.get("ipv6")),
                attachable=new.get("attachable"),
                ingress=new.get("ingress"),
            )
        try:
            found = self.read(client, made["Id"], new, {})
        except ProviderError as error:  # it exists: the state must know of it
            known = bridge.lost(bridge.planned(NETWORK, new))
            raise InitializationError(str(error), made["Id"], {**known, "id": made["Id"]}) from error
        if found is None:
            raise ProviderError(f"network '{name}' vanished right after its creation; look for what removes it")
        outputs = found[1]
        if not new.get("ipamOptions"):
            outputs["ipamOptions"] = None
        for config in outputs["ipamConfigs"]:
            config["auxAddress"] = config["auxAddress"] or None
        return found[0], outputs

    def read(
        self, client: APIClient, id: str, inputs: Properties, outputs: Properties
    ) -> tuple[str, Properties] | None:
        """By id, or by name for an import."""
        with explained(f"reading network '{id}'"):
            try:
                seen = client.inspect_network(id)
            except NotFound:
                return None
        ipam = seen.get("IPAM") or {}
        chosen = _gateways(inputs) if inputs or outputs else None
        return seen["Id"], {
            "attachable": bool(seen.get("Attachable")),
            "driver": seen["Driver"],
            "id": seen["Id"],
            "ingress": bool(seen.get("Ingress")),
            "internal": bool(seen.get("Internal")),
            "ipamConfigs": [_found_pool(config, chosen) for config in ipam.get("Config") or ()],
            "ipamDriver": ipam.get("Driver") or "default",
            "ipamOptions": ipam.get("Options") or {},
            "ipv6": bool(seen.get("EnableIPv6")),
            "labels": to_labels(seen.get("Labels")),
            "name": seen["Name"],
            "options": seen.get("Options") or {},
            "scope": seen.get("Scope") or "local",
        }

    def update(self, client: APIClient, id: str, old: Properties, new: Properties, planned: Properties) -> Properties:  # noqa: ARG002
        """Nothing of a network can be changed: every property replaces."""
        return planned

    def delete(self, client: APIClient, id: str, outputs: Properties, timeout: float | None) -> None:
        """Waits for the last endpoints to leave."""
        deadline = time.monotonic() + (timeout or _REMOVAL_SECONDS)
        name = outputs.get("name", id)
        while True:
            try:
                with explained(f"removing network '{name}'"):
                    client.remove_network(id)
            except ProviderError as error:
                cause = error.__cause__
                if isinstance(cause, NotFound):
                    return
                if not (isinstance(cause, APIError) and "active endpoints" in reason(cause)):
                    raise
                if time.monotonic() > deadline:
                    raise ProviderError(
                        f"{error}; disconnect the containers that still use it, then try again"
                    ) from cause
                time.sleep(0.5)
            else:
                return


def _pool(config: Properties) -> IPAMPool:
    return IPAMPool(
        subnet=config.get("subnet") or None,
        iprange=config.get("ipRange") or None,
        gateway=config.get("gateway") or None,
        aux_addresses=config.get("auxAddress") or None,
    )


def _gateways(inputs: Properties) -> set[str]:
    """Subnets whose gateway the program chose."""
    return {config.get("subnet", "") for config in inputs.get("ipamConfigs") or () if config.get("gateway")}


def _found_pool(config: Properties, chosen: set[str] | None) -> Properties:
    """A gateway that Docker picked (shown after a daemon restart, and always by newer daemons) is no drift."""
    shown = chosen is None or config.get("Subnet") in chosen
    return {
        "auxAddress": config.get("AuxiliaryAddresses") or {},
        "gateway": config.get("Gateway", "") if shown else "",
        "ipRange": config.get("IPRange", ""),
        "subnet": config.get("Subnet", ""),
    }
