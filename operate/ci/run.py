"""Asks the engine for a preview, twice: as JSON for the plan, as text for the policies that JSON leaves out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from operate.ci import stateless, storage, violations
from operate.ci.comment import Preview
from operate.ci.plan import Plan
from operate.errors import OperateError
from operate.pulumi import REPOSITORY


@dataclass(frozen=True)
class Engine:
    """This checkout's `./pulumiw`, with its policies, at work on the project in `folder`."""

    folder: Path
    env: Mapping[str, str]

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One command; its output is kept and what it says on standard error is shown too."""
        done = subprocess.run(  # noqa: S603  our own wrapper
            [str(REPOSITORY / "pulumiw"), *arguments, "--non-interactive", "--color", "never"],
            cwd=self.folder,
            env={**self.env, "PULUMIW_QUIET": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        print(done.stderr, end="", file=sys.stderr, flush=True)
        return done


def preview(stack: str, project: Path, *, with_state: bool) -> Preview:
    """The preview of a stack of `project`; one that can't be had says why."""
    try:
        found = _with_state(stack, project) if with_state else _without(stack, project)
    except OperateError as error:
        found = Preview(stack=stack, errors=[str(error)], with_state=with_state, code=1)
    name = f"Pulumi.{stack}.yaml"
    before = None if project == REPOSITORY else storage.declared(REPOSITORY / name)
    return replace(found, storage=(before, storage.declared(project / name)))


def _with_state(stack: str, project: Path) -> Preview:
    return _ask(Engine(project, _own_state(project)), stack)


def _without(stack: str, project: Path) -> Preview:
    with stateless.copied(project, stack) as copy:
        engine = Engine(copy.folder, copy.env)
        made = engine("stack", "init", stack)
        if made.returncode:
            raise OperateError(_said(made))
        return replace(_ask(engine, stack), with_state=False, placeholders=copy.placeholders)


def _own_state(project: Path) -> dict[str, str]:
    """The environment, with the project's own state where it is kept there: the wrapper would look beside itself."""
    state = project / ".state"
    if project == REPOSITORY or os.environ.get("PULUMI_BACKEND_URL") or not (state / ".pulumi").is_dir():
        return dict(os.environ)
    own = {"PULUMI_BACKEND_URL": f"file://{state}"}
    if not {"PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"} & os.environ.keys():
        own["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(state / "passphrase")
    return {**os.environ, **own}


def _ask(engine: Engine, stack: str) -> Preview:
    planned = engine("preview", "--json", "--stack", stack)
    shown = engine("preview", "--suppress-outputs", "--stack", stack)
    print(shown.stdout, end="", file=sys.stderr, flush=True)
    found = violations.parse(shown.stdout)
    try:
        plan = Plan.parse(planned.stdout, _resources(engine, stack))
    except ValueError:
        plan = Plan()
    code = planned.returncode or shown.returncode
    explained = not code or plan.errors or any(one.mandatory for one in found)
    errors = [] if explained else list(dict.fromkeys([_said(planned), _said(shown)]))
    return Preview(stack=stack, plan=plan, violations=found, errors=[text for text in errors if text], code=code)


def _resources(engine: Engine, stack: str) -> list[dict[str, Any]]:
    """What the state holds, its secrets encrypted; nothing where there is no state."""
    done = engine("stack", "export", "--stack", stack)
    return (json.loads(done.stdout).get("deployment") or {}).get("resources") or [] if not done.returncode else []


def _said(done: subprocess.CompletedProcess[str]) -> str:
    return done.stderr.strip().removeprefix("error: ")
