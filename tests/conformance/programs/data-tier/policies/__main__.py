"""A pack with a mandatory rule for resources and an advisory one for the whole stack."""

from typing import Any

from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy, StackValidationPolicy

CONTAINER = "docker:index/container:Container"
VOLUME = "docker:index/volume:Volume"


def ports_are_local(args: Any, report: Any) -> None:
    """A container's ports are bound to the host itself."""
    if args.resource_type != CONTAINER:
        return
    for port in args.props.get("ports") or []:
        if port["ip"] != "127.0.0.1":
            report(f"port {port['internal']} is bound to {port['ip']}")


def data_has_a_volume(args: Any, report: Any) -> None:
    """There is a volume."""
    if all(resource.resource_type != VOLUME for resource in args.resources):
        report("data without a volume")


PolicyPack(
    "reference-pack",
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=[
        ResourceValidationPolicy("loopback-only", "Ports are bound to the host itself.", ports_are_local),
        StackValidationPolicy(
            "has-volume", "Data is on a volume.", data_has_a_volume, enforcement_level=EnforcementLevel.ADVISORY
        ),
    ],
)
