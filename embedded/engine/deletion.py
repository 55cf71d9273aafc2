"""Deletes resources in the order of the dependency graph: dependents first, what is independent side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from embedded.engine.steps import StepError
from embedded.state import Resource

Delete = Callable[[Resource, set[str]], None]


def needs(resource: Resource) -> set[str]:
    """URNs that must outlive a resource: its dependencies, parent, provider and what it goes away with."""
    found = {*resource.dependencies, *(urn for urns in resource.property_dependencies.values() for urn in urns)}
    found.update({resource.parent, resource.deleted_with, resource.provider.rpartition("::")[0]})
    return found - {""}


def protected_with_needs(resources: Iterable[Resource]) -> set[str]:
    """URNs of all protected resources and of everything that they need."""
    by_urn = {resource.urn: resource for resource in resources}
    kept: set[str] = set()
    waiting = [urn for urn, resource in by_urn.items() if resource.protect]
    while waiting:
        urn = waiting.pop()
        if urn in by_urn and urn not in kept:
            kept.add(urn)
            waiting.extend(needs(by_urn[urn]))
    return kept


def delete_all(resources: Iterable[Resource], delete: Delete, parallel: int) -> bool:
    """Delete what is given; what a failed one needs stays. Answers whether all went."""
    waiting = list(resources)
    deleting = {resource.urn for resource in waiting if not resource.delete}
    failed: list[Resource] = []
    running: dict[Future[None], Resource] = {}
    with ThreadPoolExecutor(parallel) as pool:
        while waiting or running:
            for resource in _free(waiting, [*running.values(), *failed]):
                waiting = [other for other in waiting if other is not resource]
                running[pool.submit(delete, resource, deleting)] = resource
            if not running:
                return False  # all that is left is needed by something that failed
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                resource = running.pop(future)
                try:
                    future.result()
                except StepError:
                    failed.append(resource)
    return not failed


def _free(waiting: list[Resource], busy: list[Resource]) -> list[Resource]:
    """Those that nothing else, waiting or busy, still needs; the last in the state come first."""
    needed = {urn for resource in [*waiting, *busy] for urn in needs(resource)}
    return [resource for resource in reversed(waiting) if resource.urn not in needed]
