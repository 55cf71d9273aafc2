"""The pack as an engine sees it: a process of its own that is asked over Pulumi's protocol."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import grpc
import pytest
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from embedded.engine.policies import _declared
from embedded.engine.policy_config import LocalPack, load, reconciled
from policies.catalogue import all_rules
from policies.containers import CONTAINER
from tests.components.recording import ROOT, build_from, stack_file

NO_ENGINE = "127.0.0.1:1"
RULE = "refuse-published-data-port"
EXAMPLES = sorted(file.parent.name for file in ROOT.glob("examples/*/Pulumi.*.yaml"))
PACK = [sys.executable, "-u", "-m", "pulumi.policy", NO_ENGINE, str(ROOT / "policies/__main__.py")]


@pytest.fixture(scope="module")
def pack() -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    with started() as stub:
        yield stub


@contextmanager
def started() -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    with subprocess.Popen(PACK, stdout=subprocess.PIPE, cwd=ROOT / "policies") as process:
        assert process.stdout is not None
        with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
            yield analyzer_pb2_grpc.AnalyzerStub(channel)
        process.terminate()


def analyzed(
    pack: analyzer_pb2_grpc.AnalyzerStub, properties: dict[str, object]
) -> list[analyzer_pb2.AnalyzeDiagnostic]:
    struct = struct_pb2.Struct()
    struct.update(properties)
    request = analyzer_pb2.AnalyzeRequest(type=CONTAINER, name="db", urn="urn:pulumi:a::b::c::db", properties=struct)
    return list(pack.Analyze(request).diagnostics)


def test_the_pack_has_every_rule_with_its_level_severity_and_remedy(pack):
    info = pack.GetAnalyzerInfo(empty_pb2.Empty())
    assert [
        (
            policy.name,
            analyzer_pb2.EnforcementLevel.Name(policy.enforcementLevel).lower(),
            analyzer_pb2.PolicySeverity.Name(policy.severity).removeprefix("POLICY_SEVERITY_").lower(),
            policy.remediation_steps,
        )
        for policy in info.policies
    ] == [(rule.name, rule.level.value, rule.severity.value, rule.remedy) for rule in all_rules()]


def test_every_rule_says_which_settings_it_takes_and_takes_exceptions(pack):
    info = pack.GetAnalyzerInfo(empty_pb2.Empty())
    taken = {policy.name: set(policy.configSchema.properties.keys()) for policy in info.policies}
    assert taken == {rule.name: {*rule.settings, "exceptions"} for rule in all_rules()}


def test_a_public_data_port_is_a_mandatory_finding(pack):
    found = analyzed(pack, {"image": "redis:7", "ports": [{"internal": 6379, "external": 6379}]})
    assert [finding.enforcementLevel for finding in found if finding.policyName == RULE] == [analyzer_pb2.MANDATORY]


def test_a_loopback_data_port_is_no_finding_of_it(pack):
    found = analyzed(pack, {"image": "redis:7", "ports": [{"internal": 6379, "external": 6379, "ip": "127.0.0.1"}]})
    assert RULE not in {finding.policyName for finding in found}


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_stack_files_that_come_along_pass(pack, stack):
    for one in build_from(stack_file(stack)).of("Container").values():
        assert analyzed(pack, dict(one.inputs)) == [], one.name


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_pass_without_a_config_of_their_own(pack, example):
    for one in build_from(stack_file(example)).of("Container").values():
        found = [it for it in analyzed(pack, dict(one.inputs)) if it.enforcementLevel == analyzer_pb2.MANDATORY]
        assert [(item.policyName, item.message) for item in found] == [], one.name


def test_publishing_the_store_of_a_stack_is_refused(pack):
    inputs = dict(build_from(stack_file("dev")).of("Container")["postgres-server-container"].inputs)
    inputs["ports"] = [{"internal": 9999, "external": 9999, "ip": "0.0.0.0"}]
    assert len(analyzed(pack, inputs)) == 1


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_stack_files_that_come_along_pass_with_their_own_configs(stack):
    with started() as pack:
        info = pack.GetAnalyzerInfo(empty_pb2.Empty())
        configure(pack, info, ROOT / f"policies/config/{stack}.json")
        for one in build_from(stack_file(stack)).registered:
            urn = f"urn:pulumi:{stack}::data-tier::{one.type}::{one.name}"
            request = analyzer_pb2.AnalyzeRequest(type=one.type, name=one.name, urn=urn)
            request.properties.update(dict(one.inputs))
            found = [item for item in pack.Analyze(request).diagnostics if item.enforcementLevel]
            assert [(item.policyName, item.message) for item in found] == [], one.name


def configure(pack, info, file):
    """Configure the pack as the engine does."""
    local = LocalPack(directory=ROOT / "policies", file=file, rules=load(file))
    request = analyzer_pb2.ConfigureAnalyzerRequest()
    for name, rule in reconciled(local, _declared(info), {}).items():
        request.policyConfig[name].enforcementLevel = getattr(analyzer_pb2, rule.level.upper())
        request.policyConfig[name].properties.update(rule.settings)
    pack.Configure(request)
