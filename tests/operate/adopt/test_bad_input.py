"""What can't be adopted: one clear error each, exit code 1, and no file."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from operate import pulumi
from operate.__main__ import app
from operate.errors import OperateError
from tests.operate.adopt.adopted import FIXTURES, reasons, written

PG = "  pg: {image: 'postgres:17', environment: {POSTGRES_PASSWORD: x}}\n"


def refused(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["adopt", *arguments])
    assert isinstance(result.exception, OperateError), result.output
    return str(result.exception)


def message(folder, text: str, **environment: str) -> str:
    with pytest.raises(OperateError) as caught:
        written(folder, text, **environment)
    return str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    assert refused(str(tmp_path / "nix.yml")) == (
        f"compose file {tmp_path}/nix.yml can't be read (No such file or directory): name one that is there"
    )


def test_malformed_yaml_is_told_with_its_line(tmp_path):
    (tmp_path / "compose.yaml").write_text("services:\n  web: {image: [\n")
    told = refused(str(tmp_path / "compose.yaml"))
    assert told.startswith(f"{tmp_path}/compose.yaml:3 isn't YAML")


@pytest.mark.parametrize("text", ["volumes: {a: {}}\n", "services: {}\n", "services:\n"])
def test_a_file_without_services_is_refused(tmp_path, text):
    (tmp_path / "compose.yaml").write_text(text)
    assert "services" in refused(str(tmp_path / "compose.yaml"))


def test_variables_that_something_depends_on_are_told_all_at_once(tmp_path):
    told = message(
        tmp_path, "services:\n  web:\n    image: web:${TAG}\n    ports: ['${PORT}:80']\n    container_name: ${NAME}\n"
    )
    assert told == (
        "these variables have no value: NAME (services.web.container_name), TAG (services.web.image), "
        "PORT (services.web.ports[0]); put it into .env beside the file, or into the environment"
    )


def test_a_variable_of_the_environment_has_a_value(tmp_path):
    made = written(tmp_path, "services: {web: {image: 'web:${TAG}'}}\n", TAG="2")
    assert made.apps["web"]["service"]["image"] == "web:2"


@pytest.mark.parametrize(
    ("environment", "where"),
    [
        ("{DATABASE_URL: 'postgres://u:p@${DB_SERVER}/x'}", "services.web.environment.DATABASE_URL"),
        ("{DATABASE_URL: 'postgres://u:p@pg/${DB_SERVER}'}", "services.web.environment.DATABASE_URL"),
        ("{DB_HOST: pg, DB_NAME: '${DB_SERVER}'}", "services.web.environment"),
    ],
)
def test_a_database_without_a_name_is_told(tmp_path, environment, where):
    told = message(tmp_path, f"services:\n  web: {{image: 'web:1', environment: {environment}}}\n{PG}")
    assert told.startswith(f"no value for what names a database or its host: DB_SERVER ({where}); put it into .env")


def test_a_password_without_a_value_is_no_matter(tmp_path):
    made = written(
        tmp_path,
        f"services:\n  web: {{image: 'web:1', environment: {{DATABASE_URL: 'postgres://u:$PW@pg/shop'}}}}\n{PG}",
    )
    assert made.apps["web"]["postgres"] == {"database": "shop"}


def test_an_env_file_that_isnt_there_is_told_and_an_optional_one_isnt(tmp_path):
    told = message(tmp_path, "services: {web: {image: 'web:1', env_file: ./web.env}}\n")
    assert told == "services.web.env_file ./web.env can't be read: put it there, or take it out"
    written(tmp_path, "services: {web: {image: 'web:1', env_file: [{path: ./web.env, required: false}]}}\n")


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("ports: ['80:http']", "services.web.ports[0] isn't a port"),
        ("mem_limit: much", "isn't a size: write it as 512M or 1G"),
        ("cpus: many", "isn't a number of cores"),
        ("cpus: -1", "isn't a number of cores"),
        ("networks: {a: [x]}", "a must be a mapping"),
        ("extends: {service: nobody}", "there is no service nobody"),
    ],
)
def test_what_compose_refuses_is_refused(tmp_path, lines, told):
    text = f"services:\n  web:\n    image: web:1\n    {lines}\n"
    assert told in message(tmp_path, text)


def test_nothing_that_a_stack_has_a_place_for_is_an_error(tmp_path):
    told = message(tmp_path, "services: {db: {image: 'mysql:8'}, ui: {image: 'adminer:4'}}\n")
    assert "nothing here becomes part of a stack: db (another store), ui (a tool for a store)" in told


def test_a_file_that_is_there_is_not_overwritten(tmp_path):
    target = tmp_path / "Pulumi.shop.yaml"
    target.write_text("mine")
    told = refused(str(FIXTURES / "django" / "docker-compose.yml"), "--out", str(target))
    assert told == f"{target} is there already, and adopt overwrites nothing: name another by --out or --stack"
    assert target.read_text() == "mine"


def test_the_file_goes_beside_the_other_stacks_by_default(tmp_path, monkeypatch):
    monkeypatch.setattr(pulumi, "REPOSITORY", tmp_path)
    result = CliRunner().invoke(app, ["adopt", str(FIXTURES / "django" / "docker-compose.yml")])
    assert result.exit_code == 0, result.output
    assert "data-tier:prefix: shop" in (tmp_path / "Pulumi.shop.yaml").read_text()


def test_a_folder_that_isnt_there_and_a_stack_of_no_name_are_told(tmp_path):
    compose = str(FIXTURES / "django" / "docker-compose.yml")
    assert "can't be written (No such file or directory)" in refused(compose, "--out", str(tmp_path / "a" / "b.yaml"))
    assert "--stack a/b" in refused(compose, "--stack", "a/b")
    assert "adopt needs compose files" in refused()


def test_what_a_person_has_to_fill_in_is_told_and_the_exit_code_says_so(tmp_path):
    (tmp_path / "compose.yaml").write_text("name: own\nservices: {web: {image: 'Not/An:Image!'}}\n")
    target = tmp_path / "Pulumi.own.yaml"
    result = CliRunner().invoke(app, ["adopt", str(tmp_path / "compose.yaml"), "--out", str(target)])
    assert result.exit_code == 1
    assert "data-tier:apps.web.service.image" in result.output
    assert "Not/An:Image!" in target.read_text(), "the file is there to be filled in"


def test_a_tag_that_is_no_version_is_told(tmp_path):
    made = written(
        tmp_path, "services: {web: {image: 'web:latest'}, api: {image: 'r.example:5000/api'}, ok: {image: 'a:1'}}\n"
    )
    assert "no version" in reasons(made, "web")["image"]
    assert "no version" in reasons(made, "api")["image"]
    assert reasons(made, "ok") == {}
