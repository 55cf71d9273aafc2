"""What hides its effects passes only where it is listed; components and known packages pass."""

from __future__ import annotations

import dataclasses

import pulumi_command
import pulumi_docker
import pulumi_postgresql
import pulumi_random
import pytest
from pulumi.runtime import rpc

from policies.rule import Level, Subject
from policies.rules.pulumi.resource.refuse_hiding_types import RULE, TOKENS
from tests.policies.judging import findings_so_far, subject


def of(kind: str, *, custom: bool = True, **settings: object) -> list[str]:
    one: Subject = dataclasses.replace(subject(kind, {}), custom=custom)
    return findings_so_far(RULE, one, **settings)


def test_the_rule_is_mandatory():
    assert RULE.level is Level.MANDATORY


@pytest.mark.parametrize(
    "kind",
    [
        "docker:index/container:Container",
        "postgresql:index/role:Role",
        "random:index/randomPassword:RandomPassword",
        "command:local:Command",
        "kubernetes:core/v1:Service",
        "kubernetes:apps/v1:StatefulSetPatch",
        "kubernetes:networking.k8s.io/v1:NetworkPolicy",
        "pulumi:pulumi:Stack",
        "pulumi:pulumi:StackReference",
        "pulumi:providers:docker",
    ],
)
def test_types_that_rules_know_pass(kind):
    assert of(kind) == []


@pytest.mark.parametrize(
    "kind",
    [
        "kubernetes:helm.sh/v3:Release",
        "kubernetes:helm.sh/v3:Chart",
        "kubernetes:helm.sh/v4:Chart",
        "kubernetes:kustomize:Directory",
        "kubernetes:kustomize/v2:Directory",
        "kubernetes:yaml:ConfigFile",
        "kubernetes:yaml/v2:ConfigGroup",
        "docker:index/plugin:Plugin",
        "pulumi-python:dynamic:Resource",
        "pulumi-python:dynamic/x:Y",
        "pulumi-nodejs:dynamic:Resource",
        "docker-compose:index:Project",
        "dockercompose:index/stack:Stack",
        "terraform-module:index:Module",
    ],
)
@pytest.mark.parametrize("custom", [True, False])
def test_types_that_hide_are_refused_as_resource_and_as_component(kind, custom):
    assert len(of(kind, custom=custom)) == 1


@pytest.mark.parametrize("kind", ["aws:rds/instance:Instance", "docker-build:index:Image", "gcp:sql/x:X"])
def test_a_resource_of_a_package_that_no_rule_knows_is_refused(kind):
    assert len(of(kind)) == 1


@pytest.mark.parametrize("kind", ["data-tier:postgres:PostgresServer", "awsx:ec2:Vpc"])
def test_a_component_passes_for_its_children_are_seen(kind):
    assert of(kind, custom=False) == []


@pytest.mark.parametrize(
    "kind", ["kubernetes:helm.cattle.io/v1:HelmChart", "kubernetes:argoproj.io/v1alpha1:Application"]
)
def test_a_resource_that_an_operator_carries_out_is_refused(kind):
    assert len(of(kind)) == 1


@pytest.mark.parametrize("allow", ["kubernetes:helm.sh/v3:Release", "kubernetes:"])
def test_a_listed_type_or_package_passes(allow):
    assert of("kubernetes:helm.sh/v3:Release", allow=[allow]) == []


def test_listing_one_type_lets_no_other_through():
    assert len(of("kubernetes:helm.sh/v3:Chart", allow=["kubernetes:helm.sh/v3:Release"])) == 1


@pytest.mark.parametrize(
    "kind",
    [
        "docker:index/stack:Stack",
        "docker:Container:Container",
        "docker:index/container:container",
        "command:local:run",
        "kubernetes:core/v1:Service:x",
        "pulumi:pulumi:Other",
    ],
)
def test_a_type_that_no_rule_knows_of_a_known_package_is_refused(kind):
    assert len(of(kind)) == 1
    assert of(kind, allow=[kind]) == []


def test_every_type_of_the_installed_packages_is_known():
    for package in (pulumi_docker, pulumi_postgresql, pulumi_random, pulumi_command):
        assert package is not None
    modules = [module.mod_info for found in rpc._RESOURCE_MODULES.values() for module in found]
    packages = {"docker", "postgresql", "random", "command"}
    assert {kind for one in modules if one["pkg"] in packages for kind in one["classes"]} == TOKENS


@pytest.mark.parametrize(
    ("version", "kind"), [("helm.toolkit.fluxcd.io/v2", "HelmRelease"), ("argoproj.io/v1alpha1", "Application")]
)
@pytest.mark.parametrize("patch", ["", "Patch"])
def test_a_custom_resource_is_known_by_the_group_that_it_names_itself(version, kind, patch):
    def told(group: str, **settings: object) -> list[str]:
        token = f"kubernetes:apiextensions.k8s.io:CustomResource{patch}"
        return findings_so_far(RULE, subject(token, {"apiVersion": group, "kind": kind}), **settings)

    assert len(told(version)) == 1
    assert told(version, allow=[f"kubernetes:{version}:{kind}"]) == []
    assert told("networking.k8s.io/v1") == []
