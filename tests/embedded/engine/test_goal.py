"""Reading what the program asks for."""

import pytest
from pulumi.runtime.proto import resource_pb2

from embedded.engine.goal import from_request
from embedded.errors import EngineError
from embedded.values import Secret, to_struct


def request(**fields: object) -> object:
    return resource_pb2.RegisterResourceRequest(type="random:index/randomId:RandomId", name="suffix", **fields)


def test_inputs_options_and_dependencies_are_read() -> None:
    goal = from_request(
        request(
            custom=True,
            object=to_struct({"a": Secret("x")}),
            dependencies=["urn:a"],
            propertyDependencies={"a": resource_pb2.RegisterResourceRequest.PropertyDependencies(urns=["urn:a"])},
            protect=True,
            retainOnDelete=True,
            ignoreChanges=["a"],
        )
    )
    assert goal.inputs == {"a": Secret("x")}
    assert goal.property_dependencies == {"a": ["urn:a"]}
    assert (goal.protect, goal.retain_on_delete, goal.ignore_changes) == (True, True, ["a"])


def test_delete_before_replace_knows_three_cases() -> None:
    asked = {"deleteBeforeReplaceDefined": True}
    assert from_request(request()).delete_before_replace is None
    assert from_request(request(**asked)).delete_before_replace is False
    assert from_request(request(deleteBeforeReplace=True, **asked)).delete_before_replace is True


@pytest.mark.parametrize(("written", "seconds"), [("5s", 5), ("1m30s", 90), ("1h0m0s", 3600), ("250ms", 0.25)])
def test_timeouts_are_read_in_seconds(written: str, seconds: float) -> None:
    assert from_request(request(customTimeouts={"create": written})).custom_timeouts == {"create": seconds}


@pytest.mark.parametrize(("field", "value"), [("packageRef", "x"), ("remote", True)])
def test_an_option_that_is_not_carried_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(EngineError, match=r"'suffix': the option '.+' is not carried"):
        from_request(request(**{field: value}))
