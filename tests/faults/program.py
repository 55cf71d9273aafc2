"""Thirty resources of every kind that the engine carries, in two versions, all named after the stack's `name`.

A Pulumi program. From version 1 to 2 some resources change, some are replaced, some go and some come; back again the
same the other way round, so that creations, updates, replacements and deletions can be cut short both ways.
"""

from __future__ import annotations

from pathlib import Path

import pulumi
import pulumi_command as command
import pulumi_docker as docker
import pulumi_postgresql as postgresql
import pulumi_random as random
from pulumi import ResourceOptions as Opts

CONFIG = pulumi.Config()
NAME = CONFIG.require("name")
VERSION = CONFIG.require("version")
SECOND = VERSION == "2"
SECRET = CONFIG.require_secret("secret")
LOG = Path(CONFIG.require("log"))
IMAGE = CONFIG.require("image")
FIRST = Opts(delete_before_replace=True)  # names are fixed: the new one can't stand beside the old one


def labels(kind: type, *more: str) -> list[object]:
    """The labels of everything on the daemon, so that it is found again whatever happens."""
    return [kind(label="faults", value=NAME), *(kind(label=item, value="1") for item in more)]


def network(role: str, *more: str, opts: Opts | None = None) -> docker.Network:
    """An internal network."""
    named = f"{NAME}-{role}"
    return docker.Network(role, name=named, internal=True, labels=labels(docker.NetworkLabelArgs, *more), opts=opts)


def volume(role: str, *more: str, opts: Opts | None = None) -> docker.Volume:
    """A volume."""
    return docker.Volume(
        role, name=f"{NAME}-{role}", labels=labels(docker.VolumeLabelArgs, *more), opts=Opts.merge(FIRST, opts)
    )


def container(role: str, net: docker.Network, *, opts: Opts | None = None, **args: object) -> docker.Container:
    """A container that sleeps, unless told otherwise."""
    settings = {"command": ["sleep", "86400"], "must_run": True, "destroy_grace_seconds": 0, **args}
    joined = docker.ContainerNetworksAdvancedArgs(name=net.name)
    mine = labels(docker.ContainerLabelArgs)
    return docker.Container(
        role, name=f"{NAME}-{role}", image=IMAGE, networks_advanced=[joined], labels=mine, opts=opts, **settings
    )


def appending(role: str, *, opts: Opts | None = None, **args: object) -> command.local.Command:
    """A command that writes down that it was created, updated or deleted."""
    lines = {what: f'echo "{what} {role} $VERSION" >> {LOG}' for what in ("create", "update", "delete")}
    return command.local.Command(role, **{**lines, **args}, opts=opts)


class Server(pulumi.ComponentResource):
    """Roles, a database and what is in it, on the real server."""

    def __init__(self, name: str, password: pulumi.Output[str]) -> None:
        super().__init__("faults:index:Server", name)
        provider = postgresql.Provider(
            "postgres",
            host=CONFIG.require("host"),
            port=5432,
            username="postgres",
            password=CONFIG.require_secret("admin"),
            sslmode="disable",
            connect_timeout=10,
            opts=Opts(parent=self),
        )
        inside = Opts(parent=self, provider=provider)
        prefix = NAME.replace("-", "_")
        owner = postgresql.Role("owner", name=f"{prefix}_owner", opts=inside)
        limit = 7 if SECOND else 5
        app = postgresql.Role(
            "app", name=f"{prefix}_app", login=True, password=password, connection_limit=limit, opts=inside
        )
        if SECOND:
            postgresql.Role("late", name=f"{prefix}_late", roles=[app.name], opts=inside)
        else:
            postgresql.Role("early", name=f"{prefix}_early", roles=[owner.name], opts=inside)
        database = postgresql.Database("database", name=f"{prefix}_db", owner=owner.name, opts=inside)
        schema = postgresql.Schema("schema", name="data", database=database.name, owner=owner.name, opts=inside)
        postgresql.Grant(
            "grant",
            database=database.name,
            role=app.name,
            schema=schema.name,
            object_type="schema",
            privileges=["USAGE", "CREATE"] if SECOND else ["USAGE"],
            opts=inside,
        )
        self.register_outputs({"database": database.name})


password = random.RandomPassword("password", length=24, special=False)
token = random.RandomPassword("token", length=24, special=False, keepers={"version": VERSION})
random.RandomId("id", byte_length=4)
random.RandomId("keyed", byte_length=4, keepers={"version": VERSION})
stable = appending("stable", environment={"VERSION": "1"})
appending("changing", environment={"VERSION": VERSION, "TOKEN": SECRET}, opts=Opts(depends_on=[stable]))
appending("triggered", environment={"VERSION": VERSION}, triggers=[VERSION])
image = docker.RemoteImage("image", name=IMAGE, keep_locally=True)
inner = network("inner")
relabelled = network("relabelled", *(["second"] if SECOND else []), opts=FIRST)
data = volume("data", opts=Opts(protect=True))
volume("still")
volume("moving", *(["second"] if SECOND else []))
mounted = docker.ContainerVolumeArgs(volume_name=data.name, container_path="/data")
container("keeper", inner, volumes=[mounted])
container("replaced", inner, envs=[f"VERSION={VERSION}"], opts=FIRST)
container("updated", inner, restart="on-failure" if SECOND else "no", memory=64, memory_swap=64)
container("member", relabelled, opts=FIRST)
upload = docker.ContainerUploadArgs(file="/secret", content=token.result)
container("once", inner, command=["cat", "/secret"], must_run=False, attach=True, uploads=[upload], opts=FIRST)
if SECOND:
    appending("late-command", environment={"VERSION": VERSION})
    container("late-container", network("late-net"), opts=Opts(depends_on=[data]))
    volume("late-volume")
else:
    appending("early-command", environment={"VERSION": VERSION})
    container("early-container", network("early-net"), opts=Opts(depends_on=[data]))
    volume("early-volume")
Server("server", password.result)
pulumi.export("password", password.result)
pulumi.export("token", token.result)
