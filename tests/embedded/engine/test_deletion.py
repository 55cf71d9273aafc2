"""The order in which resources are deleted."""

import threading

from embedded.engine.deletion import delete_all, protected_with_needs
from embedded.engine.steps import StepError
from embedded.state import Resource


def resource(name: str, *needs: str, **more: object) -> Resource:
    return Resource(urn=name, type="t:i:T", custom=True, dependencies=list(needs), **more)  # type: ignore[arg-type]


def order(resources: list[Resource], failing: str = "") -> tuple[list[str], bool]:
    """The order in which deletes ended, and whether all went."""
    gone: list[str] = []
    lock = threading.Lock()

    def delete(old: Resource, deleting: set[str]) -> None:
        if old.urn == failing:
            raise StepError
        with lock:
            gone.append(old.urn)

    return gone, delete_all(resources, delete, 4)


def test_dependents_go_before_what_they_need() -> None:
    gone, went = order([resource("net"), resource("db", "net"), resource("role", "db"), resource("web", "net")])
    assert went
    assert gone.index("role") < gone.index("db") < gone.index("net")
    assert gone.index("web") < gone.index("net")


def test_children_and_resources_of_a_provider_go_first() -> None:
    child = resource("child", parent="component", provider="server::id")
    gone, _ = order([resource("component"), resource("server"), child])
    assert gone[0] == "child"


def test_what_a_failed_one_needs_stays_and_the_rest_goes() -> None:
    gone, went = order([resource("net"), resource("db", "net"), resource("alone")], failing="db")
    assert not went
    assert gone == ["alone"]


def test_independent_deletes_run_side_by_side() -> None:
    meeting = threading.Barrier(3, timeout=5)

    def delete(old: Resource, deleting: set[str]) -> None:
        meeting.wait()

    assert delete_all([resource("a"), resource("b"), resource("c")], delete, 4)


def test_a_protected_resource_keeps_everything_it_needs() -> None:
    resources = [
        resource("net"),
        resource("password", protect=True, parent="component"),
        resource("component", "net"),
        resource("web", "net"),
    ]
    assert protected_with_needs(resources) == {"password", "component", "net"}
