"""Volumes: create, read back, delete."""

from __future__ import annotations

from docker import APIClient

from embedded.providers.base import ProviderError
from embedded.providers.docker._client import NotFound, explained
from embedded.providers.docker._labels import from_labels, to_labels
from embedded.providers.docker._schemas import VOLUME
from embedded.values import Properties


class Volumes:
    """docker:index/volume:Volume. The id is the name."""

    schema = VOLUME

    def create(self, client: APIClient, new: Properties, timeout: float | None) -> tuple[str, Properties]:  # noqa: ARG002
        """Takes over an existing volume only where it is as declared.

        Docker answers with an existing volume whatever its labels are; the next run would then replace it, and its
        data with it.
        """
        name = new["name"]
        existing = self.read(client, name, {}, {})
        if existing and not _as_declared(existing[1], new):
            raise ProviderError(
                f"volume '{name}' exists already with another driver, options or labels; it may hold data: "
                f"declare it as it is (docker volume inspect {name}), remove it, or choose another name"
            )
        with explained(f"creating volume '{name}'"):
            client.create_volume(
                name, driver=new.get("driver"), driver_opts=new.get("driverOpts"), labels=from_labels(new.get("labels"))
            )
        found = self.read(client, name, new, {})
        if found is None:
            raise ProviderError(f"volume '{name}' vanished right after its creation; look for what removes it")
        found[1]["driverOpts"] = found[1]["driverOpts"] or None
        return found

    def read(
        self,
        client: APIClient,
        id: str,
        inputs: Properties,  # noqa: ARG002
        outputs: Properties,  # noqa: ARG002
    ) -> tuple[str, Properties] | None:
        """By name."""
        with explained(f"reading volume '{id}'"):
            try:
                seen = client.inspect_volume(id)
            except NotFound:
                return None
        return seen["Name"], {
            "cluster": None,
            "driver": seen["Driver"],
            "driverOpts": seen.get("Options") or {},
            "id": seen["Name"],
            "labels": to_labels(seen.get("Labels")),
            "mountpoint": seen["Mountpoint"],
            "name": seen["Name"],
        }

    def update(self, client: APIClient, id: str, old: Properties, new: Properties, planned: Properties) -> Properties:  # noqa: ARG002
        """Nothing of a volume can be changed: every property replaces."""
        return planned

    def delete(self, client: APIClient, id: str, outputs: Properties, timeout: float | None) -> None:  # noqa: ARG002
        """Docker refuses while a container uses it."""
        with explained(f"removing volume '{id}'"):
            try:
                client.remove_volume(id)
            except NotFound:
                return


def _as_declared(found: Properties, new: Properties) -> bool:
    return (
        found["driver"] == (new.get("driver") or "local")
        and found["driverOpts"] == (new.get("driverOpts") or {})
        and from_labels(found["labels"]) == from_labels(new.get("labels"))
    )
