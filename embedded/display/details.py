"""The two long forms of a plan: `--diff` for people and `--json` for machines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from embedded.display import values
from embedded.display.record import SIGNS, Record
from embedded.engine import urn as urns
from embedded.engine.steps import Op, Step
from embedded.state import Resource
from embedded.state.codec import Codec

_LISTED = (Op.SAME, Op.CREATE, Op.UPDATE, Op.REPLACE, Op.DELETE, Op.IMPORT)


def diff_lines(steps: Iterable[Step]) -> Iterator[str]:
    """The changed resources, each with what changes; the stack as their heading."""
    for step in steps:
        if step.type == urns.STACK_TYPE:
            yield f"{_sign(step)}pulumi:pulumi:Stack: ({step.op.value})"
            yield f"    [urn={step.urn}]"
    for step in steps:
        if step.type == urns.STACK_TYPE or step.op not in _LISTED or step.op is Op.SAME:
            continue
        retained = step.op is Op.DELETE and step.state.retain_on_delete
        yield f"    {SIGNS[step.op]}{step.type}: ({step.op.value}{'[retain]' if retained else ''})"
        if step.old is not None and step.old.id:
            yield f"        [id={step.old.id}]"
        yield f"        [urn={step.urn}]"
        if step.state.provider:
            yield f"        [provider={step.state.provider}]"
        yield from _body(step)


def _sign(step: Step) -> str:
    return "  " if step.op is Op.SAME else SIGNS[step.op]


def _body(step: Step) -> Iterator[str]:
    if step.refreshed:
        yield from _found(step)
    elif step.old is not None and step.new is not None and step.diff.detailed and not step.cascade:
        yield from _named(step.old, step.new, step.diff.detailed)
    elif step.old is not None and step.new is not None:
        yield from values.changes(step.old.inputs, step.new.inputs, 8, same=step.op is Op.REPLACE)
    else:
        yield from values.tree(step.state.inputs, 8, " " if step.op is Op.DELETE else "+")


def _found(step: Step) -> Iterator[str]:
    """What a refresh has found: the properties that differ, or all that is gone."""
    if step.old is None:
        return
    if step.new is None:
        yield "        --outputs:--"
        yield from values.tree({key: value for key, value in step.old.outputs.items() if value is not None}, 8, "-")
        return
    keys = _keys(step.diff.diffs or step.diff.detailed)
    before, after = ({key: state.inputs[key] for key in keys & state.inputs.keys()} for state in (step.old, step.new))
    yield from values.changes(before, after, 8, same=False)


def _named(old: Resource, new: Resource, paths: Iterable[str]) -> Iterator[str]:
    """What the provider says that changes; a property that it has chosen itself is among the outputs only."""
    keys = _keys(paths)
    before = {key: value for key, value in {**old.outputs, **old.inputs}.items() if key in keys}
    yield from values.changes(before, {key: new.inputs[key] for key in keys & new.inputs.keys()}, 8, same=False)


def _keys(paths: Iterable[str]) -> set[str]:
    return {path.split(".")[0].split("[")[0] for path in paths}


def json_text(record: Record, config: Mapping[str, str], secret: Iterable[str], seconds: float) -> str:
    """The plan as `pulumi preview --json` prints it."""
    hidden = set(secret)
    document = {
        "config": {key: "[secret]" if key in hidden else value for key, value in sorted(config.items())},
        "steps": [_step(step) for step in record.steps if step.op in _LISTED and _counts(step)],
        "duration": int(seconds * 1e9),
        "changeSummary": {op.value: number for op, number in sorted(record.counts().items(), key=lambda i: i[0].value)},
    }
    errors = [{"message": item.text, "severity": item.severity} for item in record.messages if item.severity == "error"]
    if errors:
        document["diagnostics"] = errors
    return json.dumps(document, indent=1, ensure_ascii=False)


def _counts(step: Step) -> bool:
    """Of what is unchanged only the stack itself is listed, and what changes its options."""
    return step.op is not Op.SAME or step.type == urns.STACK_TYPE or bool(step.options)


def _step(step: Step) -> dict[str, Any]:
    found: dict[str, Any] = {"op": step.op.value, "urn": step.urn}
    if step.state.provider:
        found["provider"] = step.state.provider
    if step.old is not None:
        found["oldState"] = _resource(step.old)
    if step.new is not None:
        new = _resource(step.new)
        if step.op is not Op.SAME:
            new.pop("id", None)
            new.pop("outputs", None)
        found["newState"] = new
    if step.diff.diffs and not step.cascade:
        found["diffReasons"] = list(step.diff.diffs)
    if step.diff.replaces and not step.cascade:
        found["replaceReasons"] = list(dict.fromkeys(step.diff.replaces))
    detailed = {path: {"kind": kind.value, "inputDiff": False} for path, kind in step.diff.detailed.items()}
    found["detailedDiff"] = detailed if detailed and not step.cascade else None
    return found


def _resource(resource: Resource) -> dict[str, Any]:
    shown = replace(
        resource, inputs=values.without_secrets(resource.inputs), outputs=values.without_secrets(resource.outputs)
    )
    return shown.to_json(Codec(None))
