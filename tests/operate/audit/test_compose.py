"""A compose file's services, networks and volumes as the provider's inputs, in each form that the specification has."""

from __future__ import annotations

from pathlib import Path

import pytest

from operate.audit import compose
from operate.audit.resources import NETWORK, UNKNOWN, UNKNOWN_ITEM, VOLUME, Resource
from policies.containers import CONTAINER


def project(folder: Path, text: str, **others: str) -> dict[tuple[str, str], Resource]:
    """Every resource of a compose file by type and name; `others` are more files, `_` in a name for the dot."""
    for name, content in others.items():
        (folder / name.replace("_", ".")).write_text(content)
    path = folder / "compose.yaml"
    path.write_text(f"name: shop\n{text}")
    return {(one.type, one.name): one for one in compose.read([path]).resources}


def service(folder: Path, lines: str, **others: str) -> Resource:
    """The service `db`, with the given lines."""
    body = "".join(f"    {line}\n" for line in lines.split("\n"))
    return project(folder, f"services:\n  db:\n{body}", **others)[CONTAINER, "db"]


def props(folder: Path, lines: str, **others: str) -> dict[str, object]:
    return dict(service(folder, lines, **others).props)


@pytest.mark.parametrize("lines", ["environment: {A: x, B: 1, C: true}", "environment: [A=x, B=1, C=true]"])
def test_the_environment_is_a_map_or_a_list(tmp_path, lines):
    assert props(tmp_path, lines)["envs"] == ["A=x", "B=1", "C=true"]


@pytest.mark.parametrize(
    "lines", ["environment: {PASSWORD: }", "environment: [PASSWORD]", "environment: {PASSWORD: $PASSWORD}"]
)
def test_a_variable_from_outside_stays_a_reference(tmp_path, lines):
    assert props(tmp_path, lines)["envs"] == ["PASSWORD=${PASSWORD}"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${A:-b}", "b"),
        ("${A-b}", "b"),
        ("${A:-${B:-c}}", "c"),
        ("${A:+b}", ""),
        ("x$$y", "x$y"),
        ("${EMPTY:-b}", "b"),
        ("${EMPTY-b}", ""),
        ("${SET:-b}", "s"),
        ("${SET:+b}", "b"),
        ("$SET-$SET", "s-s"),
        ("${UNSET:?say it}", "${UNSET}"),
        ("5 $", "5 $"),
    ],
)
def test_variables_are_replaced_as_compose_does(tmp_path, text, value):
    assert props(tmp_path, f'environment: {{V: "{text}"}}', _env="SET=s\nEMPTY=\n")["envs"] == [f"V={value}"]


def test_the_environment_of_this_process_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setenv("BIND", "127.0.0.1")
    assert props(tmp_path, 'ports: ["${BIND}:5432:5432"]')["ports"][0]["ip"] == UNKNOWN  # type: ignore[index]


def test_an_env_file_is_read_and_goes_behind_the_environment(tmp_path):
    found = service(tmp_path, "env_file: app.env\nenvironment: {A: own}", app_env="A=file\nexport B='two' \n# C=3\n")
    assert found.props["envs"] == ["A=own", "B=two"]
    assert found.place("envs[1]") == "services.db.env_file: B"


def test_a_missing_env_file_is_unknown_and_told(tmp_path):
    path = tmp_path / "compose.yaml"
    path.write_text("services: {db: {image: 'x:1', env_file: [{path: gone.env}, {path: other.env, required: false}]}}")
    source = compose.read([path])
    assert source.resources[0].props["envs"] == [UNKNOWN_ITEM]
    assert [note.split()[1] for note in source.notes] == ["gone.env"]


def test_anchors_and_merge_keys_are_followed(tmp_path):
    base = "x-base: &base {image: 'redis:7', privileged: true}"
    text = f"{base}\nservices:\n  a: {{<<: *base, privileged: false}}\n  b: *base\n"
    found = project(tmp_path, text)
    assert [found[CONTAINER, name].props["privileged"] for name in "ab"] == [False, True]


def test_a_service_extends_another_of_the_same_file_and_of_a_file(tmp_path):
    db = "{extends: {file: base.yaml, service: base}, environment: [B=2]}"
    text = f"services:\n  db: {db}\n  other: {{extends: db}}\n"
    base = "services: {base: {image: 'postgres:17', ports: ['5432:5432'], environment: {A: 1}}}"
    found = project(tmp_path, text, base_yaml=base)
    for name in ("db", "other"):
        its = found[CONTAINER, name].props
        assert (its["image"], its["envs"], len(its["ports"])) == ("postgres:17", ["A=1", "B=2"], 1)


def test_included_files_count(tmp_path):
    found = project(tmp_path, "include: [more.yaml]\nservices: {}\n", more_yaml="services: {db: {image: 'redis:7'}}")
    assert (CONTAINER, "db") in found


def test_several_files_go_over_each_other(tmp_path):
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    first.write_text("services: {db: {image: 'postgres:17', command: [a], ports: ['1:1']}}")
    second.write_text("services: {db: {command: [b], ports: ['5432:5432']}, x: {image: 'x:1', ports: !reset []}}")
    its = compose.read([first, second]).resources[0].props
    assert (its["command"], [one["internal"] for one in its["ports"]]) == (["b"], [1, 5432])


def test_override_takes_the_place_of_a_list(tmp_path):
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    first.write_text("services: {db: {image: 'postgres:17', ports: ['5432:5432']}}")
    second.write_text("services: {db: {ports: !override ['127.0.0.1:5432:5432']}}")
    assert [one["ip"] for one in compose.read([first, second]).resources[0].props["ports"]] == ["127.0.0.1"]


def test_services_behind_a_profile_count(tmp_path):
    assert props(tmp_path, "profiles: [debug]\nimage: redis:7")["image"] == "redis:7"


def test_without_networks_a_service_is_on_the_projects_own_which_is_not_internal(tmp_path):
    found = project(tmp_path, "services: {db: {image: 'redis:7'}}")
    assert found[CONTAINER, "db"].props["networksAdvanced"] == [{"name": "shop_default"}]
    assert (found[NETWORK, "default"].props["name"], found[NETWORK, "default"].props["internal"]) == (
        "shop_default",
        False,
    )


@pytest.mark.parametrize("switch", ["true", "yes", '"true"', "on"])
def test_a_network_is_internal_in_every_spelling(tmp_path, switch):
    found = project(tmp_path, f"services: {{}}\nnetworks: {{data: {{internal: {switch}, name: real}}}}\n")
    assert (found[NETWORK, "data"].props["internal"], found[NETWORK, "data"].props["name"]) == (True, "real")
    assert (NETWORK, "default") not in found


def test_an_internal_that_is_not_known_is_unknown(tmp_path):
    assert (
        project(tmp_path, "services: {}\nnetworks: {data: {internal: '${X}'}}\n")[NETWORK, "data"].props["internal"]
        == UNKNOWN
    )


@pytest.mark.parametrize("network", ["{external: true}", "{external: {name: outside}}"])
def test_an_external_network_is_none_of_ours(tmp_path, network):
    assert (NETWORK, "data") not in project(tmp_path, f"services: {{}}\nnetworks: {{data: {network}}}\n")


@pytest.mark.parametrize("networks", ["[data]", "{data: {aliases: [x]}}", "{data: }"])
def test_networks_are_a_list_or_a_map(tmp_path, networks):
    found = project(tmp_path, f"services: {{db: {{networks: {networks}}}}}\nnetworks: {{data: }}\n")
    assert found[CONTAINER, "db"].props["networksAdvanced"] == [{"name": "shop_data"}]


@pytest.mark.parametrize(
    ("written", "mode"),
    [("host", "host"), ("none", "none"), ("service:web", "container:web"), ("container:x", "container:x")],
)
def test_a_network_mode_is_kept_and_leaves_no_network(tmp_path, written, mode):
    found = props(tmp_path, f'network_mode: "{written}"')
    assert (found["networkMode"], found["networksAdvanced"]) == (mode, [])


@pytest.mark.parametrize(
    ("lines", "memory"),
    [
        ("mem_limit: 512m", 512),
        ("mem_limit: 1.5gb", 1536),
        ("mem_limit: 1073741824", 1024),
        ("deploy: {resources: {limits: {memory: 512M}}}", 512),
        ("mem_limit: 0", 0),
        ("mem_limit: 1", 1),
        ("image: x", 0),
        ("mem_limit: ${LIMIT}", UNKNOWN),
    ],
)
def test_a_memory_limit_in_every_form(tmp_path, lines, memory):
    assert props(tmp_path, lines)["memory"] == memory


@pytest.mark.parametrize(
    ("lines", "tests"),
    [
        ("healthcheck: {test: pg_isready}", ["CMD-SHELL", "pg_isready"]),
        ("healthcheck: {test: [CMD, pg_isready]}", ["CMD", "pg_isready"]),
        ("healthcheck: {test: [CMD, pg_isready], disable: true}", ["NONE"]),
        ("image: x", []),
    ],
)
def test_a_health_check_in_every_form(tmp_path, lines, tests):
    assert props(tmp_path, lines)["healthcheck"] == {"tests": tests}


@pytest.mark.parametrize(
    ("lines", "restart"),
    [
        ("restart: unless-stopped", "unless-stopped"),
        ('restart: "no"', "no"),
        ("restart: no", "no"),
        ("image: x", "no"),
        ("deploy: {restart_policy: {condition: any}}", "unless-stopped"),
        ("deploy: {restart_policy: {}}", "unless-stopped"),
        ("deploy: {restart_policy: {condition: none}}", "no"),
    ],
)
def test_a_restart_policy_in_every_form(tmp_path, lines, restart):
    assert props(tmp_path, lines)["restart"] == restart


@pytest.mark.parametrize(
    "command", ['["redis-server", "--port", "1"]', "redis-server --port 1", "'redis-server \"--port\" 1'"]
)
def test_a_command_is_a_list_or_a_text(tmp_path, command):
    assert props(tmp_path, f"command: {command}")["command"] == ["redis-server", "--port", "1"]


@pytest.mark.parametrize("labels", ["{data-tier.tier: data}", "[data-tier.tier=data]"])
def test_labels_are_a_map_or_a_list(tmp_path, labels):
    assert props(tmp_path, f"labels: {labels}")["labels"] == [{"label": "data-tier.tier", "value": "data"}]


def test_volumes_in_their_short_form(tmp_path):
    volumes = '["/anonymous", "data:/a", "data:/b:ro", "/run:/c", "./here:/d:ro,z", "${WHERE}:/e"]'
    found = props(tmp_path, f"volumes: {volumes}")["volumes"]
    assert found == [
        {"containerPath": "/anonymous", "readOnly": False},
        {"volumeName": "data", "containerPath": "/a", "readOnly": False},
        {"volumeName": "data", "containerPath": "/b", "readOnly": True},
        {"hostPath": "/run", "containerPath": "/c", "readOnly": False},
        {"hostPath": str(tmp_path / "here"), "containerPath": "/d", "readOnly": True},
        {"volumeName": UNKNOWN, "containerPath": "/e", "readOnly": False},
    ]


def test_a_path_that_climbs_out_is_resolved(tmp_path):
    up = "../" * len(tmp_path.parts)
    assert (
        props(tmp_path, f'volumes: ["{up}var/run/docker.sock:/x"]')["volumes"][0]["hostPath"] == "/var/run/docker.sock"
    )  # type: ignore[index]


def test_volumes_in_their_long_form(tmp_path):
    found = props(
        tmp_path, "volumes: [{type: bind, source: /run, target: /a, read_only: yes}, {type: tmpfs, target: /b}]"
    )
    assert [(one["type"], one["source"], one["readOnly"]) for one in found["mounts"]] == [  # type: ignore[attr-defined]
        ("bind", "/run", True),
        ("tmpfs", "", False),
    ]


def test_the_short_form_of_the_engines_socket_is_a_mount_of_it(tmp_path):
    assert props(tmp_path, "use_api_socket: true")["volumes"][0]["hostPath"] == "/var/run/docker.sock"  # type: ignore[index]


def test_options_of_a_volume_are_kept(tmp_path):
    found = project(
        tmp_path,
        "services: {}\nvolumes: {x: {driver_opts: {type: none, device: /run, o: bind}}, y: , z: {external: true}}\n",
    )
    assert found[VOLUME, "x"].props["driverOpts"] == {"type": "none", "device": "/run", "o": "bind"}
    assert (VOLUME, "y") in found
    assert (VOLUME, "z") not in found


def test_a_config_that_is_written_in_the_file_is_an_uploaded_file(tmp_path):
    text = "services: {db: {configs: [{source: c, target: /etc/x}]}}\nconfigs: {c: {content: text}}\n"
    assert project(tmp_path, text)[CONTAINER, "db"].props["uploads"] == [{"file": "/etc/x", "content": "text"}]


def test_confinement_is_kept(tmp_path):
    found = props(
        tmp_path, "privileged: yes\ncap_add: [SYS_ADMIN]\nuser: 0\npid: host\nread_only: true\nsecurity_opt: [a:b]"
    )
    assert found["privileged"] is True
    assert found["capabilities"] == {"adds": ["SYS_ADMIN"], "drops": []}
    assert (found["user"], found["pidMode"], found["readOnly"], found["securityOpts"]) == ("0", "host", True, ["a:b"])


@pytest.mark.parametrize(
    ("lines", "image"),
    [
        ("build: .", "db:built"),
        ("build: .\nimage: mine:1", "mine:1"),
        ("command: x", UNKNOWN),
        ("image: ${IMAGE}", UNKNOWN),
        ("image: ${REGISTRY}/postgres:${TAG}", "${REGISTRY}/postgres:${TAG}"),
    ],
)
def test_an_image_that_is_named_built_or_neither(tmp_path, lines, image):
    assert props(tmp_path, lines)["image"] == image
