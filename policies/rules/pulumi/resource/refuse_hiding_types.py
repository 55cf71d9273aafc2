"""Refuses types whose effects no rule can see, and types of packages that no rule knows.

A component is no effect of its own and passes, unless it is one of those that render others' templates: what is in
them was written and reviewed elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.kubernetes import objects
from policies.rule import ResourceRule, Settings, Severity, Subject, names

_KNOWN: Final = frozenset({"docker", "postgresql", "random", "command", "kubernetes", "pulumi"})
_TYPES: Final = {
    "docker": "BuildxBuilder Container Image Network Plugin RegistryImage RemoteImage Secret Service ServiceConfig Tag "
    "Volume",
    "postgresql": "Database DefaultPrivileg DefaultPrivileges Extension Function Grant GrantRole "
    "PhysicalReplicationSlot Publication ReplicationSlot Role Schema SecurityLabel Server Subscription UserMapping",
    "random": "RandomBytes RandomId RandomInteger RandomPassword RandomPet RandomShuffle RandomString RandomUuid "
    "RandomUuid4 RandomUuid7",
}
TOKENS: Final = frozenset(
    f"{package}:index/{kind[0].lower()}{kind[1:]}:{kind}" for package, kinds in _TYPES.items() for kind in kinds.split()
) | {"command:local:Command", "command:remote:Command", "command:remote:CopyFile", "command:remote:CopyToRemote"}
"""The types of the packages that rules know, without Kubernetes', which has hundreds in one shape."""
_SHAPES: Final = re.compile(
    r"kubernetes:[^:/]+(?:/[^:/]+)?:[^:]+|pulumi:providers:.+|pulumi:pulumi:(?:Stack|StackReference)"
)
_HIDING: Final = re.compile(
    r"kubernetes:(?:helm\.sh|kustomize|yaml)(?:/[^:]*)?:.*|docker:index/plugin:.*"
    r"|pulumi-[^:]*:.*|[^:]*(?:compose|terraform|helm)[^:]*:.*",
    re.IGNORECASE,
)
_GROUP: Final = re.compile(r"kubernetes:(?P<group>[^:/]+)(?:/[^:]*)?:")


def _check(subject: Subject, settings: Settings) -> Iterator[str]:
    package = subject.type.split(":")[0]
    if {subject.type, package, f"{package}:"} & set(settings["allow"]):
        return
    if _HIDING.fullmatch(subject.type):
        yield f"{subject.type}: what this type creates is not visible to any rule"
    elif subject.custom and package not in _KNOWN:
        yield f"{subject.type}: no rule knows the package {package}"
    elif subject.custom and subject.type not in TOKENS and not _SHAPES.fullmatch(subject.type):
        yield f"{subject.type}: no rule knows this type of the package {package}"
    elif any(_is_foreign_group(kind) and kind not in settings["allow"] for kind in _kinds(subject)):
        yield f"{subject.type}: an operator decides what this resource becomes, and no rule sees it"


def _kinds(subject: Subject) -> Iterator[str]:
    """The resource's type, and those that Kubernetes objects in it give themselves: any resource may carry any."""
    yield subject.type
    for one in objects(subject):
        version, kind = one.reader.get(one.raw, "apiVersion"), one.reader.get(one.raw, "kind")
        if isinstance(version, str):
            yield f"kubernetes:{version.strip()}:{kind}"


def _is_foreign_group(kind: str) -> bool:
    """Whether a Kubernetes type is of an API group that isn't Kubernetes' own: those have no dot or end in k8s.io."""
    match = _GROUP.match(kind)
    group = match["group"].lower() if match else ""
    return "." in group and not group.endswith(".k8s.io")


RULE = ResourceRule(
    name="refuse-hiding-types",
    description="Types that hide what they create are used only where they are listed.",
    why="A Helm release, a compose project or a dynamic provider publishes ports that no rule is asked about.",
    remedy="Declare the resources themselves, or list the type (or its package) under `allow`",
    severity=Severity.HIGH,
    settings={"allow": names("Type tokens such as `kubernetes:helm.sh/v3:Release`, or whole packages such as `aws:`.")},
    check=_check,
)
