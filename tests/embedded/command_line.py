"""Calls the engine's commands on the stack `dev` of a project `demo`, and makes states to import."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from embedded.cli import main
from embedded.state import Backend

URN = "urn:pulumi:dev::demo::"


def make_project(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project with its state and home in `folder`, and an empty, selected stack."""
    (folder / "Pulumi.yaml").write_text("name: demo\nruntime: python\n")
    (folder / "state").mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{folder}/state")
    monkeypatch.setenv("PULUMI_HOME", str(folder / "home"))
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "x")
    monkeypatch.delenv("PULUMI_STACK", raising=False)
    assert main(["stack", "init", "dev"]) == 0


class Run:
    """Calls commands and keeps what they say."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys
        self.checkpoint = folder / "state/.pulumi/stacks/demo/dev.json"
        self.backend = Backend.from_url(f"file://{folder}/state", "demo")

    def ok(self, *arguments: str) -> tuple[str, str]:
        code = main(arguments)
        captured = self._capsys.readouterr()
        assert code == 0, captured.err
        return captured.out, captured.err

    def failed(self, *arguments: str) -> str:
        before = self.checkpoint.read_bytes()
        assert main(arguments) == 1
        assert self.checkpoint.read_bytes() == before, "a refused command must leave the state alone"
        err = self._capsys.readouterr().err
        assert err.startswith("error: ")
        return err

    def exported(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.ok("stack", "export")[0])["deployment"]
        return found

    def names(self) -> list[str]:
        return [item["urn"].rsplit("::", 1)[-1] for item in self.exported().get("resources", [])]

    def take(self, document: Any, *options: str) -> tuple[str, str]:
        (self.folder / "in.json").write_text(json.dumps(document))
        return self.ok("stack", "import", "--file", "in.json", *options)

    def refuse(self, document: Any) -> str:
        (self.folder / "in.json").write_text(json.dumps(document))
        return self.failed("stack", "import", "--file", "in.json")


def entry(name: str, **more: Any) -> dict[str, Any]:
    return {"urn": f"{URN}t::{name}", "custom": True, "id": name, "type": "t", **more}


def exported(*resources: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"version": 3, "deployment": {"manifest": {}, "resources": list(resources), **more}}


def chain() -> dict[str, Any]:
    """`b` depends on `a`, `c` is made by the provider `p`, `d` is a child of `b` and protected."""
    provider = {"urn": f"{URN}pulumi:providers:t::p", "custom": True, "id": "0", "type": "pulumi:providers:t"}
    return exported(
        entry("a"),
        provider,
        entry("b", dependencies=[f"{URN}t::a"]),
        entry("c", provider=f"{provider['urn']}::0"),
        entry("d", parent=f"{URN}t::b", protect=True),
    )
