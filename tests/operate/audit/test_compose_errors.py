"""What compose refuses, and what isn't a compose file: one error that names the place."""

from __future__ import annotations

import pytest

from operate.audit import compose
from operate.audit.errors import InputError


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("services: [", "compose.yaml:"),
        ("services: {a: 1}", "services.a"),
        ("services: {a: {ports: {x: 1}}}", "services.a.ports"),
        ("services: {a: {extends: b}}", "no service b"),
        ("services: {a: {extends: a}}", "circle"),
        ("include: [gone.yaml]", "gone.yaml"),
        ("include: [compose.yaml]", "includes itself"),
        ("services: {a: {mem_limit: lots}}", "services.a.mem_limit"),
        ("services: 1", "services"),
        ("nothing: true", "services"),
        ("services: {a: {image: x, image: y}}", "compose.yaml:"),
        ("services: {a: {environment: 1, volumes: {a: b}}}", "services.a.volumes"),
        ("services: {a: {networks: 3}}", "networks"),
        ("services: {a: {healthcheck: 3}}", "services.a.healthcheck"),
        ("services: {a: {deploy: 3}}", "services.a.deploy"),
        ("services: {a: {deploy: {resources: 3}}}", "resources"),
        ("networks: {a: 3}\nservices: {}", "networks.a"),
        ("volumes: {a: 3}\nservices: {}", "volumes.a"),
    ],
)
def test_what_cannot_be_read_is_one_error_with_its_place(tmp_path, text, told):
    path = tmp_path / "compose.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=told):
        compose.read([path])


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"gone\.yaml"):
        compose.read([tmp_path / "gone.yaml"])
