"""Prometheus of a stack, asked inside its container, where every Docker host answers; and what it is told there.

Owns how it is asked. Which figures there are belongs to `components.monitoring.rules`, where they are shown to the
commands.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import docker
from docker.models.containers import Container

from operate import daemon, inside, monitoring
from operate.errors import OperateError
from operate.stack import Stack

_SECONDS: Final = 30
_ASK: Final = """
import json, sys, urllib.parse, urllib.request
def asked(path, query):
    url = "http://127.0.0.1:9090/api/v1/" + path + "?" + urllib.parse.urlencode(query)
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)["data"]
print(json.dumps([asked(path, query) for path, query in json.loads(sys.argv[1])]))"""

Query = tuple[str, Mapping[str, str | float]]


@dataclass(frozen=True, kw_only=True)
class Series:
    """One series: its labels, and its values by seconds of Unix time; one that was asked of a moment has one."""

    labels: Mapping[str, str]
    values: tuple[tuple[float, float], ...]

    @property
    def last(self) -> float:
        """The newest value."""
        return self.values[-1][1]


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One that fires: since when (ISO 8601), for which server, what it says and what to do."""

    name: str
    severity: str
    server: str
    since: str
    summary: str
    remedy: str

    def __str__(self) -> str:
        """One line for people."""
        return f"{self.name}: {self.summary}; {self.remedy}"


class Prometheus:
    """The Prometheus of a stack. Every question raises OperateError where it doesn't answer."""

    def __init__(self, container: Container) -> None:
        self._container = container

    @classmethod
    def of(cls, stack: Stack, client: docker.DockerClient) -> Prometheus:
        """That of a stack. Raises OperateError where it has none."""
        if stack.monitoring is None:
            raise OperateError(f"{stack.name} isn't monitored: write data-tier:monitoring: {{}} in its file")
        return cls(daemon.running(client, stack.monitoring.prometheus))

    def ask(self, queries: Sequence[Query]) -> list[Any]:
        """The data of each answer of the HTTP API, by one command."""
        command = ["python3", "-c", _ASK, json.dumps(queries)]
        done = inside.capture(self._container, command, seconds=_SECONDS)
        if done.code:
            raise OperateError(f"{self._container.name} doesn't answer: {done.reason}")
        answers: list[Any] = json.loads(done.out)
        return answers

    def now(self, *expressions: str) -> list[list[Series]]:
        """The series of each expression at this moment."""
        return [_series(its) for its in self.ask([("query", {"query": one}) for one in expressions])]

    def over(self, begin: float, end: float, step: float, *expressions: str) -> list[list[Series]]:
        """The series of each expression from `begin` to `end`, seconds of Unix time."""
        when: Mapping[str, float] = {"start": begin, "end": end, "step": step}
        return [_series(its) for its in self.ask([("query_range", {"query": one, **when}) for one in expressions])]

    def alerts(self) -> list[Alert]:
        """Those that fire, the critical ones first."""
        (answer,) = self.ask([("alerts", {})])
        firing = [_alert(one) for one in answer["alerts"] if one["state"] == "firing"]
        return sorted(firing, key=lambda one: (one.severity != "critical", one.name, one.server))

    def tell(self, name: str, text: str) -> None:
        """Let it know what a command on the host has found out: metrics in its text format, under a name."""
        monitoring.put(self._container, "told", {f"{name}.prom": text})


def _series(answer: Mapping[str, Any]) -> list[Series]:
    found = []
    for one in answer["result"]:
        values = one["values"] if "values" in one else [one["value"]]
        numbers = tuple((float(at), float(value)) for at, value in values)
        found.append(Series(labels=one["metric"], values=numbers))
    return found


def _alert(one: Mapping[str, Any]) -> Alert:
    return Alert(
        name=one["labels"]["alertname"],
        severity=one["labels"].get("severity", ""),
        server=one["labels"].get("server", ""),
        since=one["activeAt"],
        summary=one["annotations"].get("summary", ""),
        remedy=one["annotations"].get("remedy", ""),
    )


def firing(stack: Stack, client: docker.DockerClient) -> list[Alert]:
    """The alerts that fire; none without monitoring, or where Prometheus doesn't answer, which its state says."""
    if stack.monitoring is None or not stack.running:
        return []
    try:
        return Prometheus.of(stack, client).alerts()
    except OperateError:
        return []
