"""Compliant Kubernetes objects, and the kinds in which each of them can be declared."""

from __future__ import annotations

from typing import Any

SERVICE = "kubernetes:core/v1:Service"
POD = "kubernetes:core/v1:Pod"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"

STORE_SERVICE: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "store", "namespace": "data"},
    "spec": {
        "type": "ClusterIP",
        "selector": {"app": "postgres"},
        "ports": [{"name": "postgresql", "port": 5432, "targetPort": "postgresql"}],
    },
}
APP_SERVICE: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web"},
    "spec": {"selector": {"app": "web"}, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]},
}
STORE_POD: dict[str, Any] = {
    "metadata": {"name": "store", "labels": {"app": "postgres"}},
    "spec": {
        "containers": [
            {
                "name": "server",
                "image": "postgres:17",
                "ports": [{"name": "postgresql", "containerPort": 5432}],
                "env": [{"name": "POSTGRES_PASSWORD", "value": "hunter2"}],
            }
        ]
    },
}
APP_POD: dict[str, Any] = {
    "metadata": {"name": "web", "labels": {"app": "web", "uses": "postgres"}},
    "spec": {"containers": [{"name": "web", "image": "example/web:1", "ports": [{"containerPort": 8080}]}]},
}


def with_spec(base: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A copy of an object with some keys of its `spec` changed; `...` takes a key away."""
    spec = {key: value for key, value in {**base["spec"], **changes}.items() if value is not ...}
    return {**base, "spec": spec}


def with_port(base: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A copy of a pod whose first container has another port."""
    first = base["spec"]["containers"][0]
    return with_container(base, ports=[{**first["ports"][0], **changes}])


def with_container(base: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A copy of a pod whose first container is changed."""
    return with_spec(base, containers=[{**base["spec"]["containers"][0], **changes}])


def declared(pod: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """A pod in every kind that declares it, each as type and properties."""
    template, labels = {"template": pod}, {"metadata": {"name": "x"}}
    workload = {**labels, "spec": template}
    cron = {**labels, "spec": {"jobTemplate": {"spec": template}}}
    kinds = [(f"kubernetes:{where}:{kind}", workload) for where, names in _WORKLOADS for kind in names]
    crons = [(f"kubernetes:batch/{version}:CronJob", cron) for version in ("v1", "v1beta1", "v2alpha1")]
    plain = [(POD, pod), ("kubernetes:core/v1:PodTemplate", {**labels, **template}), *kinds, *crons]
    patches = [(f"{kind}Patch", props) for kind, props in plain]
    lists = [(f"{kind}List", {"items": [props]}) for kind, props in plain]
    named = {"apiVersion": "apps/v1", "kind": "Deployment", **workload}
    others = [
        ("kubernetes:core/v1:List", {"items": [named]}),
        ("kubernetes:v1:Pod", pod),  # a CustomResource with a built-in kind
        ("kubernetes:argoproj.io/v1alpha1:Rollout", workload),
        ("kubernetes:example.org/v1:Thing", {"spec": {"parts": [{"deep": {"template": pod}}]}}),
    ]
    return [*plain, *patches, *lists, *others]


_WORKLOADS = (
    ("core/v1", ("ReplicationController",)),
    ("apps/v1", ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")),
    ("apps/v1beta1", ("Deployment", "StatefulSet")),
    ("apps/v1beta2", ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")),
    ("extensions/v1beta1", ("Deployment", "DaemonSet", "ReplicaSet")),
    ("batch/v1", ("Job",)),
)
