"""Images by name: the local one, else pulled. Building and registry logins stay with the Pulumi CLI."""

from __future__ import annotations

import re
from typing import Any

from docker import APIClient

from embedded.providers.base import ProviderError
from embedded.providers.docker._client import APIError, NotFound, explained, reason
from embedded.providers.docker._schemas import IMAGE
from embedded.values import Properties


class Images:
    """docker:index/remoteImage:RemoteImage. The id is Docker's, followed by the name, as upstream has it."""

    schema = IMAGE

    def create(self, client: APIClient, new: Properties, timeout: float | None) -> tuple[str, Properties]:  # noqa: ARG002
        """A local image is taken without asking the registry, as upstream does."""
        name = new["name"]
        if _inspect(client, name) is None:
            _pull(client, name, new.get("platform"))
        found = self.read(client, "", new, {})
        if found is None:
            raise ProviderError(f"image '{name}' was pulled but is not there under that name; check its tag or digest")
        return found

    def read(
        self, client: APIClient, id: str, inputs: Properties, outputs: Properties
    ) -> tuple[str, Properties] | None:
        """By name; an id (image id and name) is cut for an import."""
        name = inputs.get("name") or outputs.get("name") or re.sub(r"^sha256:[0-9a-f]{64}(?=.)", "", id)
        seen = _inspect(client, name)
        if seen is None:
            return None
        kept = inputs or outputs
        result: Properties = {
            "build": None,
            "forceRemove": kept.get("forceRemove"),
            "id": seen["Id"] + name,
            "imageId": seen["Id"],
            "keepLocally": kept.get("keepLocally"),
            "name": name,
            "platform": kept.get("platform") or "",
            "pullTriggers": kept.get("pullTriggers"),
            "repoDigest": _digest(name, seen),
            "triggers": kept.get("triggers"),
        }
        return result["id"], result

    def update(self, client: APIClient, id: str, old: Properties, new: Properties, planned: Properties) -> Properties:  # noqa: ARG002
        """`keepLocally` and `forceRemove` matter at deletion only."""
        return planned

    def delete(self, client: APIClient, id: str, outputs: Properties, timeout: float | None) -> None:  # noqa: ARG002
        """Leaves the image where `keepLocally` says so."""
        if outputs.get("keepLocally"):
            return
        name = outputs.get("name") or id
        with explained(f"removing image '{name}'"):
            try:
                client.remove_image(name, force=bool(outputs.get("forceRemove")))
            except NotFound:
                return


def _inspect(client: APIClient, name: str) -> dict[str, Any] | None:
    with explained(f"looking for image '{name}'"):
        try:
            seen: dict[str, Any] = client.inspect_image(name)  # type: ignore[no-untyped-call]  # the stubs leave it untyped
        except NotFound:
            return None
    return seen


def _pull(client: APIClient, name: str, platform: str | None) -> None:
    tagged = "@" in name or ":" in name.rsplit("/", 1)[-1]
    advice = "check the name, build or load the image locally, or make its registry reachable"
    try:
        with explained(f"pulling image '{name}'"):
            for line in client.pull(
                name, tag=None if tagged else "latest", platform=platform, stream=True, decode=True
            ):
                if "error" in line:
                    raise ProviderError(f"image '{name}' is not here and can't be pulled: {line['error']}; {advice}")
    except ProviderError as error:
        if isinstance(error.__cause__, APIError):
            said = reason(error.__cause__)
            raise ProviderError(f"image '{name}' is not here and can't be pulled: {said}; {advice}") from error
        raise


def _digest(name: str, seen: dict[str, Any]) -> str:
    """The digest under this name's repository, else the first; an image that was never pulled has none."""
    digests: list[str] = seen.get("RepoDigests") or []
    repository = re.sub(r":[^/]*$", "", name.split("@", maxsplit=1)[0])
    own = [digest for digest in digests if digest.split("@")[0] == repository]
    return (own or digests or [""])[0]
