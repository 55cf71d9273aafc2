"""The Compose file that a stack is compared with: the same things, and no easier."""

from __future__ import annotations

import json
from typing import Any

from benchmarks import compose_file

_SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}


def _resource(kind: str, name: str, inputs: dict[str, Any], *needs: str) -> dict[str, Any]:
    return {"urn": name, "type": f"docker:index/{kind}", "inputs": inputs, "dependencies": list(needs)}


def _stack() -> dict[str, Any]:
    check = {"tests": ["CMD", "true"], "interval": "2s", "timeout": "3s", "retries": 45, "startPeriod": "5s"}
    label = {"label": "data-tier.stack", "value": "bench"}
    upload = {**_SECRET, "plaintext": json.dumps([{"file": "/in/password", "content": "a$b"}])}
    return compose_file.from_resources(
        [
            _resource("network:Network", "net", {"name": "bench-data", "driver": "bridge", "internal": True}),
            _resource("volume:Volume", "vol", {"name": "bench-secrets", "labels": [label]}),
            _resource(
                "container:Container",
                "fill",
                {"name": "fill", "image": "i", "mustRun": False, "networkMode": "none", "uploads": upload},
            ),
            _resource("container:Container", "db", {"name": "db", "image": "i", "healthcheck": check}, "fill", "net"),
            {"urn": "role", "type": "postgresql:index/role:Role", "inputs": {}, "dependencies": ["db"]},
            _resource("container:Container", "app", {"name": "app", "image": "i", "memory": 256}, "role"),
        ]
    )


def test_a_container_behind_a_database_object_waits_for_the_healthy_server() -> None:
    assert _stack()["services"]["app"]["depends_on"] == {"db": {"condition": "service_healthy"}}


def test_a_container_waits_for_the_end_of_the_one_that_fills_its_volume() -> None:
    assert _stack()["services"]["db"]["depends_on"] == {"fill": {"condition": "service_completed_successfully"}}


def test_uploaded_files_come_out_of_their_envelope_and_keep_their_dollar_signs() -> None:
    made = _stack()
    assert made["services"]["fill"]["configs"] == [{"source": "fill-0", "target": "/in/password"}]
    assert made["configs"]["fill-0"] == {"content": "a$$b"}, "Compose reads $$ as one dollar sign"


def test_limits_networks_and_volumes_are_those_of_the_stack() -> None:
    made = _stack()
    assert made["services"]["app"]["mem_limit"] == 256 * 1024 * 1024
    assert made["networks"]["bench-data"]["internal"] is True
    assert made["volumes"] == {"bench-secrets": {"name": "bench-secrets", "labels": {"data-tier.stack": "bench"}}}
    assert made["services"]["fill"]["network_mode"] == "none"
