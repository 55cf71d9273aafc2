"""A platform whose stack is down: what holds data stays declared, what runs doesn't.

So containers and networks go, while volumes, passwords, databases and roles stay in the state as they are. The
arguments that go unused (ARG002) are the protocol's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi

from components.platforms import NetworkSpec, Platform, SecretFiles, Stored, Workload, WorkloadSpec


class StoppedPlatform:
    """Declares volumes on another platform and answers with names for all the rest."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def network(self, name: str, spec: NetworkSpec, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:  # noqa: ARG002
        """The name that the network will have."""
        return pulumi.Output.from_input(spec.name)

    def volume(
        self,
        name: str,
        volume: str,
        labels: Mapping[str, str],
        opts: pulumi.ResourceOptions,
        storage: int | None = None,
    ) -> Stored:
        """The volume itself."""
        return self._platform.volume(name, volume, labels, opts, storage)

    def secret_files(
        self,
        name: str,  # noqa: ARG002
        owner: str,
        files: Mapping[str, pulumi.Input[str]],  # noqa: ARG002
        opts: pulumi.ResourceOptions,  # noqa: ARG002
        owned: Mapping[str, int] | None = None,  # noqa: ARG002
        borrowed: Sequence[str] = (),  # noqa: ARG002
    ) -> SecretFiles:
        """No files: nobody reads them."""
        return SecretFiles(volume=pulumi.Output.from_input(owner), ready=None)

    def image(self, reference: str) -> pulumi.Output[str]:
        """The reference: nothing runs it."""
        return pulumi.Output.from_input(reference)

    def workload(self, name: str, spec: WorkloadSpec, opts: pulumi.ResourceOptions) -> Workload:  # noqa: ARG002
        """The name that the container will have."""
        return Workload(name=pulumi.Output.from_input(spec.name), resource=None)
