"""The pack as an engine sees it: a process of its own that is asked over Pulumi's protocol."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import grpc
import pytest
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from policies.containers import CONTAINER
from tests.components.recording import ROOT, build_from, stack_file

NO_ENGINE = "127.0.0.1:1"
PACK = [sys.executable, "-u", "-m", "pulumi.policy", NO_ENGINE, str(ROOT / "policies/__main__.py")]


@pytest.fixture(scope="module")
def pack() -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
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


def test_the_pack_has_the_rule_on_a_level_that_stops_an_update(pack):
    info = pack.GetAnalyzerInfo(empty_pb2.Empty())
    assert [(policy.name, policy.enforcementLevel) for policy in info.policies] == [
        ("refuse-published-data-port", analyzer_pb2.MANDATORY)
    ]


def test_a_public_data_port_is_a_mandatory_finding(pack):
    found = analyzed(pack, {"image": "redis:7", "ports": [{"internal": 6379, "external": 6379}]})
    assert [finding.enforcementLevel for finding in found] == [analyzer_pb2.MANDATORY]


def test_a_loopback_data_port_is_no_finding(pack):
    assert (
        analyzed(pack, {"image": "redis:7", "ports": [{"internal": 6379, "external": 6379, "ip": "127.0.0.1"}]}) == []
    )


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_stack_files_that_come_along_pass(pack, stack):
    for one in build_from(stack_file(stack)).of("Container").values():
        assert analyzed(pack, dict(one.inputs)) == [], one.name


def test_publishing_the_store_of_a_stack_is_refused(pack):
    inputs = dict(build_from(stack_file("dev")).of("Container")["postgres-server-container"].inputs)
    inputs["ports"] = [{"internal": 9999, "external": 9999, "ip": "0.0.0.0"}]
    assert len(analyzed(pack, inputs)) == 1
