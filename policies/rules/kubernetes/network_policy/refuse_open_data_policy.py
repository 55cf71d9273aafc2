"""Refuses a NetworkPolicy on data that lets everybody in: it counts as a policy, and guards nothing."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from policies.containers import number
from policies.kubernetes import Object, objects
from policies.kubernetes_signs import is_data_name, is_data_object, is_data_port, selector_signs
from policies.rule import ResourceRule, Settings, Severity, Subject

_PRIVATE: Final = tuple(
    ipaddress.ip_network(one)
    for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8",
                "fc00::/7", "fe80::/10", "::1/128")
)  # fmt: skip
_EVERYBODY: Final = frozenset({"all", "world", "world-ipv4", "world-ipv6"})
_NEGATIVE: Final = frozenset({"NotIn", "DoesNotExist"})  # what has no such label is everything else
_EVERY_NAMESPACE: Final = "kubernetes.io/metadata.name"
_NOBODY_BY_DEFAULT: Final = "cilium.io"  # an empty rule of Cilium lets nobody in
_NOT_KNOWN: Final = object()


def _check(subject: Subject, _: Settings) -> Iterator[str]:
    for one in objects(subject):
        if any(kind.endswith("networkpolicy") or kind.endswith("networkpolicies") for kind in one.kinds):
            for at, rule in _rules(one):
                wide = _everybody(one, rule)
                if wide and _on_data(one, rule):
                    yield f"{one.place(f'spec.ingress[{at}]')}: {wide} may reach data"


def _rules(one: Object) -> Iterator[tuple[int, Any]]:
    """Its rules for incoming traffic; none where it is a policy for outgoing traffic only."""
    if _NOBODY_BY_DEFAULT in one.group:
        yield from ((at, rule) for at, rule in one.reader.items(one.spec, "ingress") if _keys(rule))
        return
    types = [str(kind).lower() for _, kind in one.reader.items(one.spec, "policyTypes")]
    for at, rule in one.reader.items(one.spec, "ingress") if not types or "ingress" in types else ():
        if str(one.reader.get(rule, "action") or "allow").lower() == "allow":
            yield at, rule


def _everybody(one: Object, rule: Any) -> str:
    """Who may come in by a rule where that is everybody, else "". A rule without peers lets in all."""
    named = {key for key in _keys(rule) if key.startswith("from") and key != "from"}
    if _keys(one.reader.get(rule, "source", unknown={"": ""})):
        named.add("source")
    peers = one.reader.get(rule, "from", unknown=_NOT_KNOWN)
    if not named and (peers is None or (isinstance(peers, Sequence) and not len(peers))):
        return "everybody (no peer)"
    for at, peer in one.reader.each(peers):
        if not _keys(peer):
            return f"everybody (from[{at}] is empty)"
        block = one.reader.path(peer, "ipBlock", "cidr")
        if block is not None and not _private(block):
            return f"the outside (from[{at}].ipBlock)"
        if "ipBlock" not in _keys(peer) and all(_empty(one, peer, key) for key in _keys(peer)):
            return f"every pod (from[{at}] selects all)"
    return _by_other_names(one, rule)


def _by_other_names(one: Object, rule: Any) -> str:
    """The same for the fields of Cilium and Calico."""
    blocks = [value for key in ("fromCIDR",) for _, value in one.reader.items(rule, key)]
    blocks += [one.reader.get(block, "cidr") for _, block in one.reader.items(rule, "fromCIDRSet")]
    blocks += [value for _, value in one.reader.items(one.reader.get(rule, "source"), "nets")]
    if any(block is not None and not _private(block) for block in blocks):
        return "the outside"
    if any(str(entity).lower() in _EVERYBODY for _, entity in one.reader.items(rule, "fromEntities")):
        return "everybody (fromEntities)"
    if any(not _keys(peer) for _, peer in one.reader.items(rule, "fromEndpoints")):
        return "every pod (fromEndpoints)"
    return ""


def _on_data(one: Object, rule: Any) -> bool:
    """Whether it guards data: by selector, name, namespace or port. One that selects all pods guards data too."""
    selector = one.reader.get(one.spec, "podSelector") or one.reader.get(one.spec, "endpointSelector")
    if selector_signs(one, selector) or is_data_object(one) or is_data_name(one.meta("namespace")):
        return True
    text = one.reader.get(one.spec, "selector")
    if isinstance(text, str) and any(is_data_name(word.strip(" '\"")) for word in text.replace("==", "\n").split("\n")):
        return True
    ports = list(_ports(one, rule))
    return any(map(is_data_port, ports)) or (not ports and not _keys(selector) and not text)


def _ports(one: Object, rule: Any) -> Iterator[Any]:
    """The ports that a rule opens, ranges as `first-last`."""
    lists = [rule, *(ports for _, ports in one.reader.items(rule, "toPorts"))]
    for _, port in (found for parent in lists for found in one.reader.items(parent, "ports")):
        first, last = one.reader.get(port, "port"), one.reader.get(port, "endPort")
        yield first if last is None else f"{number(first)}-{number(last)}"
    yield from (port for _, port in one.reader.items(one.reader.get(rule, "destination"), "ports"))


def _empty(one: Object, peer: Any, key: str) -> bool:
    """Whether a selector selects everything."""
    selector = one.reader.get(peer, key, unknown=_NOT_KNOWN)
    if selector is _NOT_KNOWN:
        return False
    terms = [term for _, term in one.reader.items(selector, "matchExpressions")]
    return not one.reader.get(selector, "matchLabels", unknown=_NOT_KNOWN) and all(_vague(one, term) for term in terms)


def _vague(one: Object, term: Any) -> bool:
    """Whether a term leaves everything in: by what it excludes, or by the label that every namespace has."""
    operator = str(one.reader.get(term, "operator"))
    return operator in _NEGATIVE or (operator == "Exists" and one.reader.get(term, "key") == _EVERY_NAMESPACE)


def _private(block: Any) -> bool:
    """Whether an address range lies inside one that isn't routed on the internet; what can't be read doesn't."""
    try:
        network = ipaddress.ip_network(str(block).strip(), strict=False)
    except ValueError:
        return False
    return any(network.version == own.version and network.subnet_of(own) for own in _PRIVATE)  # type: ignore[arg-type]


def _keys(value: Any) -> frozenset[str]:
    return frozenset(str(key) for key in value) if isinstance(value, Mapping) else frozenset()


RULE = ResourceRule(
    name="refuse-open-data-policy",
    description="A NetworkPolicy on data names who may come in.",
    why="A policy that lets in every pod or every address counts as one in reports and guards nothing; charts ship it.",
    remedy="Name the apps that use the store: `from` with a `podSelector` that has labels",
    severity=Severity.HIGH,
    check=_check,
)
