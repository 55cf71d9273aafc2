"""The command package: local.Command, a shell command on create, update and delete.

Names and answers are those of the official package (1.2). Runs in the program's folder with the engine's environment
and what the resource adds. Other types are refused by name. Source: recorded calls and the package's schema.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
from collections.abc import Mapping
from typing import Any, Final

from embedded.providers.base import CheckFailure, CheckResult, Diff, Kind, ProviderError, ReadResult
from embedded.values import UNKNOWN, Properties, has_unknown

_TYPE: Final = "command:local:Command"
_FRAMEWORK: Final = "__pulumi-go-provider-version"  # a default provider without it would be replaced by the CLI
_CARRIED: Final = {
    "create": str,
    "update": str,
    "delete": str,
    "dir": str,
    "stdin": str,
    "environment": Mapping,
    "interpreter": list,
    "triggers": list,
    "addPreviousOutputInEnv": bool,
}
_KNOWN: Final = ("archivePaths", "assetPaths", "logging")
_SHELL: Final = ["/bin/sh", "-c"]
_MASKED_LENGTH: Final = 8  # shorter values of the environment are too common to hide


class CommandProvider:
    """Serves command:local:Command."""

    package = "command"
    version = "1.2.1"

    def check_config(self, old: Properties, new: Properties) -> CheckResult:  # noqa: ARG002
        """It has no configuration but the mark that the official plugin leaves."""
        failures = [CheckFailure(key, f"command has no configuration '{key}'") for key in new if key != _FRAMEWORK]
        return CheckResult({_FRAMEWORK: "v1.5.0", **new}, failures)

    def diff_config(self, old: Properties, new: Properties) -> Diff:  # noqa: ARG002
        """It has no configuration."""
        return Diff()

    def configure(self, inputs: Properties) -> None:
        """Nothing to take."""

    def check(self, type: str, name: str, old: Properties, new: Properties) -> CheckResult:  # noqa: ARG002
        """Refuse other types, unknown properties and values of another kind."""
        if type != _TYPE:
            refusal = f"type '{type}' is not carried by the embedded engine (local.Command is); use the Pulumi CLI"
            return CheckResult(new, [CheckFailure("", refusal)])
        failures = []
        for key, value in new.items():
            if key in _KNOWN:
                reason = f"local.Command property '{key}' is not carried by the embedded engine; use the Pulumi CLI"
                failures.append(CheckFailure(key, reason))
            elif key not in _CARRIED:
                failures.append(CheckFailure(key, f"local.Command has no property '{key}'"))
            elif value is not UNKNOWN and not isinstance(value, _CARRIED[key]):
                failures.append(CheckFailure(key, f"local.Command property '{key}' has a value of the wrong kind"))
        return CheckResult(new, failures)

    def diff(self, type: str, id: str, old_inputs: Properties, old_outputs: Properties, new: Properties) -> Diff:  # noqa: ARG002
        """Changed triggers replace; everything else changes in place."""
        detailed: dict[str, Kind] = {}
        for key in _CARRIED:
            before, after = old_inputs.get(key), new.get(key)
            if before == after:
                continue
            if key == "environment" and isinstance(before, Mapping) and isinstance(after, Mapping):
                detailed.update({f"{key}.{name}": kind for name, kind in _entries(before, after).items()})
            else:
                kind = _kind(before, after)
                detailed[key] = Kind[f"{kind.name}_REPLACE"] if key == "triggers" else kind
        diffs = list(dict.fromkeys(path.split(".")[0] for path in detailed))
        replaces = [key for key in diffs if key == "triggers"]
        return Diff(changes=bool(detailed), diffs=diffs, replaces=replaces, detailed=detailed)

    def create(
        self,
        type: str,  # noqa: ARG002
        name: str,
        new: Properties,
        *,
        preview: bool,
        timeout: float | None,
    ) -> tuple[str, Properties]:
        """Run `create`; the id is the resource's name and eight random digits."""
        if preview:
            return "", _foreseen(new)
        return f"{name}{secrets.token_hex(4)}", {**new, **_run(new.get("create"), new, {}, timeout)}

    def read(self, type: str, id: str, inputs: Properties, outputs: Properties) -> ReadResult | None:
        """A command leaves nothing to look at. Raises ProviderError for an import."""
        if not outputs:
            raise ProviderError(f"{type} can't be imported: a command leaves nothing to read")
        return ReadResult(id, inputs, outputs)

    def update(
        self,
        type: str,  # noqa: ARG002
        id: str,  # noqa: ARG002
        old_inputs: Properties,  # noqa: ARG002
        old_outputs: Properties,
        new: Properties,
        *,
        preview: bool,
        timeout: float | None,
    ) -> Properties:
        """Run `update`, or `create` where there is none."""
        if preview:
            return _foreseen(new)
        return {**new, **_run(new.get("update", new.get("create")), new, old_outputs, timeout)}

    def delete(self, type: str, id: str, inputs: Properties, outputs: Properties, *, timeout: float | None) -> None:  # noqa: ARG002
        """Run `delete`, where there is one."""
        _run(inputs.get("delete"), inputs, outputs, timeout)


def _kind(before: Any, after: Any) -> Kind:
    return Kind.ADD if before is None else Kind.DELETE if after is None else Kind.UPDATE


def _entries(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Kind]:
    names = sorted({*before, *after})
    return {name: _kind(before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)}


def _foreseen(new: Properties) -> Properties:
    return {**new, "stdout": UNKNOWN, "stderr": UNKNOWN}


def _run(command: str | None, new: Properties, old: Properties, timeout: float | None) -> Properties:
    """What the command printed. Raises ProviderError with status and output, values of its environment masked."""
    if command is None:
        return {"stdout": "", "stderr": ""}
    if has_unknown(command) or has_unknown(new):
        raise ProviderError("the command has inputs that are not known yet")
    previous = {}
    if new.get("addPreviousOutputInEnv", True) and old:
        previous = {f"PULUMI_COMMAND_{name.upper()}": old.get(name, "") for name in ("stdout", "stderr")}
    own = {name: str(value) for name, value in new.get("environment", {}).items()}
    process = _start(command, new, {**os.environ, **previous, **own})
    try:
        out, err = process.communicate(new.get("stdin"), timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise ProviderError(_masked(f'no end after {timeout:g} s: running "{command}"', own)) from None
    if process.returncode:
        said = "\n".join(text for text in (out.rstrip("\n"), err.rstrip("\n")) if text)
        status = f"signal {-process.returncode}" if process.returncode < 0 else f"exit status {process.returncode}"
        raise ProviderError(_masked(f'{status}: running "{command}":\n{said}', own))
    return {"stdout": out.removesuffix("\n"), "stderr": err.removesuffix("\n")}


def _start(command: str, new: Properties, env: Mapping[str, str]) -> subprocess.Popen[str]:
    interpreter = new.get("interpreter") or _SHELL
    try:
        return subprocess.Popen(  # noqa: S603  what the program declares is what is run
            [*interpreter, command],
            cwd=new.get("dir"),
            env=env,
            stdin=subprocess.PIPE if "stdin" in new else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,  # so that a timeout ends what the command has started too
        )
    except OSError as error:
        raise ProviderError(f"{interpreter[0]} can't be started in {new.get('dir', '.')}: {error.strerror}") from None


def _masked(text: str, environment: Mapping[str, str]) -> str:
    for value in sorted(environment.values(), key=len, reverse=True):
        if len(value) >= _MASKED_LENGTH:
            text = text.replace(value, "[masked]")
    return text
