"""Routes that lead to an app pass; the same ones to a data port don't."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_ARRAY_VALUE, UNKNOWN_NUMBER_VALUE, UNKNOWN_STRING_VALUE, UnknownValueError

from policies.rules.kubernetes.route.refuse_route_to_data import RULE
from tests.policies.judging import found


def violations(kind: str, props: dict[str, Any]) -> list[str]:
    return found(RULE, f"kubernetes:{kind}", props)


def ingress(name: str, port: Any) -> dict[str, Any]:
    path = {"path": "/", "backend": {"service": {"name": name, "port": port}}}
    return {"spec": {"rules": [{"host": "db.example.org", "http": {"paths": [path]}}]}}


def old_ingress(name: str, port: Any) -> dict[str, Any]:
    return {"spec": {"rules": [{"http": {"paths": [{"backend": {"serviceName": name, "servicePort": port}}]}}]}}


def gateway_route(name: str, port: Any) -> dict[str, Any]:
    return {"spec": {"parentRefs": [{"name": "db-edge"}], "rules": [{"backendRefs": [{"name": name, "port": port}]}]}}


def traefik(name: str, port: Any) -> dict[str, Any]:
    routes = [{"match": "HostSNI(`*`)", "services": [{"name": name, "port": port}]}]
    return {"spec": {"entryPoints": ["web"], "routes": routes, "tls": {"secretName": "postgres-tls"}}}


def istio(name: str, port: Any) -> dict[str, Any]:
    return {"spec": {"tcp": [{"route": [{"destination": {"host": f"{name}.ns.svc", "port": {"number": port}}}]}]}}


def contour(name: str, port: Any) -> dict[str, Any]:
    return {"spec": {"virtualhost": {"fqdn": "a.example"}, "tcpproxy": {"services": [{"name": name, "port": port}]}}}


def nginx_inc(name: str, port: Any) -> dict[str, Any]:
    return {"spec": {"listener": {"protocol": "TCP"}, "upstreams": [{"name": "u", "service": name, "port": port}]}}


def openshift(name: str, port: Any) -> dict[str, Any]:
    return {"spec": {"to": {"kind": "Service", "name": name}, "port": {"targetPort": port}}}


def mapping(name: str, port: Any) -> dict[str, Any]:
    return {"spec": {"port": 8080, "service": f"{name}:{port}"}}


SHAPES = [
    ("networking.k8s.io/v1:Ingress", lambda name, port: ingress(name, {"number": port})),
    ("networking.k8s.io/v1:IngressPatch", lambda name, port: ingress(name, {"number": str(port)})),
    ("networking.k8s.io/v1:IngressList", lambda name, port: {"items": [ingress(name, {"number": port})]}),
    ("extensions/v1beta1:Ingress", old_ingress),
    ("gateway.networking.k8s.io/v1alpha2:TCPRoute", gateway_route),
    ("gateway.networking.k8s.io/v1alpha2:TLSRoute", gateway_route),
    ("gateway.networking.k8s.io/v1:HTTPRoute", gateway_route),
    ("traefik.io/v1alpha1:IngressRouteTCP", traefik),
    ("traefik.containo.us/v1alpha1:IngressRouteTCP", traefik),
    ("networking.istio.io/v1:VirtualService", istio),
    ("projectcontour.io/v1:HTTPProxy", contour),
    ("k8s.nginx.org/v1:TransportServer", nginx_inc),
    ("route.openshift.io/v1:Route", openshift),
    ("getambassador.io/v3alpha1:TCPMapping", mapping),
    ("configuration.konghq.com/v1beta1:TCPIngress", old_ingress),
]


@pytest.mark.parametrize(("kind", "shape"), SHAPES)
def test_a_route_to_an_app_passes(kind, shape):
    assert violations(kind, shape("web", 8000)) == []


@pytest.mark.parametrize(("kind", "shape"), SHAPES)
@pytest.mark.parametrize("port", [5432, 6379])
def test_false_negative_9_a_route_to_a_data_port_is_refused(kind, shape, port):
    assert len(violations(kind, shape("core", port))) == 1


@pytest.mark.parametrize(("kind", "shape"), SHAPES)
def test_false_negative_10_a_route_to_a_store_on_another_port_is_known_by_its_name(kind, shape):
    assert len(violations(kind, shape("postgres-rw", 8000))) == 1


def test_port_names_tell_data():
    assert len(violations("networking.k8s.io/v1:Ingress", ingress("core", {"name": "postgresql"}))) == 1


@pytest.mark.parametrize("listener", [{"name": "a", "port": 5432}, {"name": "postgres", "port": 15432}])
def test_a_gateway_that_listens_on_a_data_port_is_refused(listener):
    kind, web = "gateway.networking.k8s.io/v1:Gateway", {"name": "https", "port": 443}
    assert violations(kind, {"spec": {"listeners": [web]}}) == []
    assert len(violations(kind, {"spec": {"listeners": [web, {"protocol": "TCP", **listener}]}})) == 1


def test_a_gateway_of_istio_is_one_too():
    servers = [{"port": {"number": 5432, "name": "tcp", "protocol": "TCP"}}]
    assert len(violations("networking.istio.io/v1:Gateway", {"spec": {"servers": servers}})) == 1


@pytest.mark.parametrize("namespace", ["ingress-nginx", "elsewhere"])
@pytest.mark.parametrize("name", ["tcp-services", "udp-services", "renamed"])
@pytest.mark.parametrize(
    ("port", "target"),
    [("5432", "a/b:80"), ("9000", "a/b:5432"), ("7000", "data/postgres:x"), ("7000", "a/b:redis:PROXY")],
)
def test_false_negative_9_a_map_of_tcp_ports_that_leads_to_data_is_refused(namespace, name, port, target):
    props = {"metadata": {"name": name, "namespace": namespace}, "data": {"7777": "a/web:80", port: target}}
    assert violations("core/v1:ConfigMap", props)[0].startswith(f"data.{port}:")
    assert len(violations("core/v1:ConfigMapPatch", props)) == 1
    assert len(violations("core/v1:ConfigMapList", {"items": [props]})) == 1


@pytest.mark.parametrize("data", [..., None, {}, {"7777": "a/web:80"}, {"DATABASE": "postgres:5432"}])
def test_other_config_maps_pass(data):
    assert violations("core/v1:ConfigMap", {"metadata": {"name": "x"}, **({} if data is ... else {"data": data})}) == []


def test_an_annotation_that_streams_a_data_port_is_refused():
    annotations = {"nginx.ingress.kubernetes.io/stream-snippet": "server { listen 15432; proxy_pass main:5432; }"}
    props = {**ingress("web", {"number": 80}), "metadata": {"annotations": annotations}}
    assert "annotations" in violations("networking.k8s.io/v1:Ingress", props)[0]


def test_other_annotations_pass():
    annotations = {"nginx.ingress.kubernetes.io/proxy-read-timeout": "5432"}
    props = {**ingress("web", {"number": 80}), "metadata": {"annotations": annotations}}
    assert violations("networking.k8s.io/v1:Ingress", props) == []


@pytest.mark.parametrize(
    ("kind", "props"),
    [
        ("networking.k8s.io/v1:Ingress", ingress("web", {"number": UNKNOWN_NUMBER_VALUE})),
        ("gateway.networking.k8s.io/v1alpha2:TCPRoute", {"spec": {"rules": UNKNOWN_ARRAY_VALUE}}),
        ("traefik.io/v1alpha1:IngressRouteTCP", {"spec": UNKNOWN_STRING_VALUE}),
        ("core/v1:ConfigMap", {"data": {"7000": UNKNOWN_STRING_VALUE}}),
        ("core/v1:ConfigMap", {"data": UNKNOWN_STRING_VALUE}),
    ],
)
def test_an_unknown_value_is_told(kind, props):
    with pytest.raises(UnknownValueError):
        violations(kind, props)


@pytest.mark.parametrize("beside", [{"_example": ""}, {"note": "text"}, {"7777": "a/web:80", "x": ""}])
def test_an_entry_that_is_no_port_hides_no_other(beside):
    found = violations("core/v1:ConfigMap", {"data": {**beside, "5432": "data/postgres:5432"}})
    assert [message.partition(":")[0] for message in found] == ["data.5432"]
