"""One policy pack: a process of its own that answers Analyzer calls.

Owns starting it and turning its answers into findings. What a finding means for a run is the deployment's to decide.
"""

from __future__ import annotations

import queue
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from embedded.engine import policy_config
from embedded.engine import urn as urns
from embedded.engine.policy_config import Declared, LocalPack, RuleConfig
from embedded.engine.processes import Pack
from embedded.engine.run import Job
from embedded.errors import EngineError
from embedded.state import Resource
from embedded.values import Properties, from_struct, reveal, to_struct

START_SECONDS = 30
CALL_SECONDS = 30
_LEVELS: dict[str, Any] = {level: getattr(analyzer_pb2, level.upper()) for level in policy_config.LEVELS}
_NAMES = {number: level for level, number in _LEVELS.items()}


@dataclass(frozen=True)
class Finding:
    """One answer of a rule about one resource, or about the stack where `urn` is ""."""

    pack: str
    rule: str
    mandatory: bool
    message: str
    urn: str
    severity: str = ""
    """low, medium, high, critical, or "" where the pack says nothing."""


class PolicyPack:
    """A pack that has been started: `ready` waits for it, then it can be asked."""

    def __init__(self, pack: Pack, local: LocalPack) -> None:
        self._pack = pack
        self._local = local
        self._stub: Any = None
        self.name = pack.directory.name
        self.version = pack.version

    def ready(self, job: Job) -> None:
        """Wait until it serves, and configure it. Raises EngineError with what it printed when it can't start."""
        channel = grpc.insecure_channel(f"127.0.0.1:{self._port()}")
        self._stub = analyzer_pb2_grpc.AnalyzerStub(channel)
        self._call(
            "ConfigureStack",
            analyzer_pb2.AnalyzerStackConfigureRequest(
                stack=job.stack,
                project=job.project,
                organization="organization",
                dry_run=job.preview,
                config_secret_keys=job.secret_keys,
                config=job.config,
            ),
        )
        info = self._call("GetAnalyzerInfo", empty_pb2.Empty())
        self.name = info.name
        self.version = self.version or info.version
        self._resource_rules = any(policy.policy_type != analyzer_pb2.POLICY_TYPE_STACK for policy in info.policies)
        self._stack_rules = any(policy.policy_type == analyzer_pb2.POLICY_TYPE_STACK for policy in info.policies)
        self._severities = {policy.name: policy.severity for policy in info.policies}
        self._configure(info)

    def _configure(self, info: Any) -> None:
        """Tell the pack the level and the settings of each rule. Raises EngineError where they don't fit."""
        if not info.supportsConfig and self._local.rules:
            raise EngineError(f"policy pack {self.name} takes no config: give it an empty file, or none")
        rules = policy_config.reconciled(self._local, _declared(info), _initial(info))
        self._remediates = any(rule.level == "remediate" for rule in rules.values())
        request = analyzer_pb2.ConfigureAnalyzerRequest()
        for name, rule in rules.items():
            request.policyConfig[name].enforcementLevel = _LEVELS[rule.level]
            request.policyConfig[name].properties.update(rule.settings)
        self._call("Configure", request)

    def remediate(self, resource: Resource, provider: Resource | None) -> Properties | None:
        """The inputs as the pack's remediations changed them, or None where there is none."""
        if not self._remediates:
            return None

        changed = None
        for remediation in self._call("Remediate", _request(resource, provider)).remediations:
            if remediation.diagnostic:
                raise EngineError(f"policy pack {self.name}, {remediation.policyName}: {remediation.diagnostic}")
            changed = from_struct(remediation.properties)
        return changed

    def analyze(self, resource: Resource, provider: Resource | None) -> list[Finding]:
        """What the resource rules say about checked inputs."""
        if not self._resource_rules:
            return []
        return self._findings(self._call("Analyze", _request(resource, provider)), resource.urn)

    def analyze_stack(self, resources: Iterable[tuple[Resource, Resource | None]]) -> list[Finding]:
        """What the stack rules say about everything that was registered."""
        if not self._stack_rules:
            return []
        request = analyzer_pb2.AnalyzeStackRequest()
        for resource, provider in resources:
            one = _request(resource, provider)
            request.resources.add(
                type=one.type,
                properties=to_struct(reveal(resource.outputs), secrets=False),
                urn=one.urn,
                name=one.name,
                options=one.options,
                provider=one.provider if provider else None,
                parent=resource.parent,
                dependencies=resource.dependencies,
                propertyDependencies={
                    key: analyzer_pb2.AnalyzerPropertyDependencies(urns=value)
                    for key, value in resource.property_dependencies.items()
                    if value
                },
            )
        return self._findings(self._call("AnalyzeStack", request), "")

    @property
    def directory(self) -> str:
        """Where the pack lies, as the screen names it."""
        return self._pack.directory.name

    def stop(self) -> None:
        """End the process."""
        self._pack.process.stop()

    def _port(self) -> int:
        lines: list[str] = []
        for _ in range(START_SECONDS * 10):
            try:
                line = self._pack.lines.get(timeout=0.1)
            except queue.Empty:
                if self._pack.process.wait(0) is None:
                    continue
                raise self._broken("stopped before it served", lines) from None
            if line.strip().isdigit():
                return int(line)
            lines.append(line)
        raise self._broken(f"gave no port within {START_SECONDS} s", lines)

    def _call(self, method: str, request: Any) -> Any:
        try:
            return getattr(self._stub, method)(request, timeout=CALL_SECONDS)
        except grpc.RpcError as error:
            raise self._broken(f"{method} failed: {error.details()}", []) from None

    def _broken(self, what: str, lines: list[str]) -> EngineError:
        while not self._pack.lines.empty():
            lines.append(self._pack.lines.get())
        printed = "\n".join(f"  {line}" for line in lines[-20:])
        return EngineError(f"policy pack {self._pack.directory}: {what}" + (f"\n{printed}" if printed else ""))

    def _findings(self, answer: Any, urn: str) -> list[Finding]:
        return [
            Finding(
                pack=f"{self.name}@v{self.version}",
                rule=item.policyName,
                mandatory=item.enforcementLevel in (analyzer_pb2.MANDATORY, analyzer_pb2.REMEDIATE),
                message=item.message,
                urn=item.urn or urn,
                severity=_severity(
                    item.severity or self._severities.get(item.policyName, analyzer_pb2.POLICY_SEVERITY_UNSPECIFIED)
                ),
            )
            for item in answer.diagnostics
        ]


def _declared(info: Any) -> dict[str, Declared]:
    """The rules as the pack declares them. One without a schema takes whatever settings it is given, as in the CLI."""
    found = {}
    for policy in info.policies:
        schema = json_format.MessageToDict(policy.configSchema.properties) if policy.HasField("configSchema") else None
        level = _NAMES[policy.enforcementLevel]
        found[policy.name] = Declared(level=level, schema=schema, required=list(policy.configSchema.required))
    return found


def _initial(info: Any) -> dict[str, RuleConfig]:
    return {
        name: RuleConfig(level=_NAMES[config.enforcementLevel], settings=json_format.MessageToDict(config.properties))
        for name, config in info.initialConfig.items()
    }


def _severity(value: analyzer_pb2.PolicySeverity.ValueType) -> str:
    return analyzer_pb2.PolicySeverity.Name(value).removeprefix("POLICY_SEVERITY_").lower() if value else ""


def _request(resource: Resource, provider: Resource | None) -> analyzer_pb2.AnalyzeRequest:
    request = analyzer_pb2.AnalyzeRequest(
        type=resource.type,
        properties=to_struct(_plain(resource.inputs), secrets=False),
        urn=resource.urn,
        name=urns.name_of(resource.urn),
        options=analyzer_pb2.AnalyzerResourceOptions(
            protect=resource.protect,
            additionalSecretOutputs=resource.additional_secret_outputs,
            parent=resource.parent,
        ),
    )
    if provider:
        request.provider.type = provider.type
        request.provider.urn = provider.urn
        request.provider.name = urns.name_of(provider.urn)
        request.provider.properties.CopyFrom(to_struct(_plain(provider.inputs), secrets=False))
    return request


def _plain(inputs: Properties) -> Properties:
    """Inputs as rules see them: revealed, without the engine's and the provider's own marks."""
    return {key: reveal(value) for key, value in inputs.items() if key not in ("__defaults", "__internal")}
