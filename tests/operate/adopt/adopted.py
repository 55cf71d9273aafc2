"""Compose files adopted for the tests: the plan, the file's text, and what a person is told."""

from __future__ import annotations

from pathlib import Path

from operate.adopt import compose_file, plan, stack_text
from operate.adopt.plan import Plan, Topology

FIXTURES = Path(__file__).parents[2] / "fixtures" / "compose"
PROJECTS: dict[str, list[str]] = {
    "bizosaas": ["docker-compose.yml"],
    "infrastructure": ["docker-compose.yml"],
    "darevel": ["postgres-compose.yml", "backend-compose.yml"],
    "django": ["docker-compose.yml"],
    "rails": ["docker-compose.yml"],
    "nextcloud": ["compose.yaml"],
    "keycloak": ["compose.yaml"],
    "wordpress": ["docker-compose.yml"],
    "mean": ["docker-compose.yml"],
    "supabase": ["docker-compose.yml"],
    "override": ["compose.yaml", "compose.prod.yaml"],
    "swarm": ["stack.yml"],
    "legacy": ["docker-compose.yml"],
    "envfile": ["compose.yaml"],
}


def files(name: str) -> list[Path]:
    return [FIXTURES / name / file for file in PROJECTS[name]]


def adopted(name: str, topology: Topology = "unified") -> Plan:
    return plan.make(compose_file.read(files(name), {}), topology)


def written(folder: Path, text: str, topology: Topology = "unified", **environment: str) -> Plan:
    """The plan for a compose file of the test's own."""
    path = folder / "compose.yaml"
    path.write_text(f"name: own\n{text}")
    return plan.make(compose_file.read([path], environment), topology)


def text(made: Plan) -> str:
    return stack_text.text(made, "Adopted")


def reasons(made: Plan, service: str) -> dict[str, str]:
    """Why each key of a service wasn't taken over; several of one key one after the other."""
    found: dict[str, str] = {}
    for one in made.left:
        if one.service == service:
            found[one.key] = f"{found[one.key]}; {one.reason}" if one.key in found else one.reason
    return found
