"""A small data tier: two networks, a server on a volume, two databases, a client. `step` changes one thing at a time.

The host's names, subnets and ports come from the configuration, so that it can run beside other stacks.
"""

import pulumi
import pulumi_docker as docker
import pulumi_postgresql as postgresql
import pulumi_random as random
from pulumi import ComponentResource, ResourceOptions
from pulumi_command.local import Command

config = pulumi.Config()
STEP = config.require_int("step")
PREFIX, IMAGE = config.require("prefix"), config.require("image")
DATA, EDGE = config.require("data"), config.require("edge")  # the first three numbers of a /24
PORT = config.require_int("port")
SERVER = f"{DATA}.10"
SCRATCH = "/tmp"  # noqa: S108  a mount of the container


def label(name: str, value: str) -> dict[str, str]:
    """A label of a volume, a network or a container."""
    return {"label": name, "value": value}


class Net(ComponentResource):
    """An internal network for data and one with a way out."""

    def __init__(self, name: str) -> None:
        super().__init__("reference:index:Net", name)
        self.data = docker.Network(
            f"{name}-data",
            name=f"{PREFIX}-data",
            driver="bridge",
            internal=True,
            ipam_configs=[{"subnet": f"{DATA}.0/24", "gateway": f"{DATA}.1"}],
            labels=[label("tier", "data")],
            opts=ResourceOptions(parent=self),
        )
        self.edge = docker.Network(
            f"{name}-edge",
            name=f"{PREFIX}-edge",
            driver="bridge",
            ipam_configs=[{"subnet": f"{EDGE}.0/24"}],
            opts=ResourceOptions(parent=self),
        )
        self.register_outputs({"data": self.data.name, "edge": self.edge.name})


def server(net: Net, volume: docker.Volume, password: pulumi.Output[str]) -> docker.Container:
    """PostgreSQL at a fixed address, its data on the volume."""
    return docker.Container(
        "db",
        name=f"{PREFIX}-db",
        image=IMAGE,
        hostname="db",
        restart="unless-stopped",
        command=["postgres", "-c", "max_connections=50", "-c", "shared_buffers=32MB"],
        envs=[
            "POSTGRES_USER=postgres",
            "POSTGRES_DB=postgres",
            "POSTGRES_PASSWORD_FILE=/run/secrets/admin",
            "PGDATA=/var/lib/postgresql/data/pgdata",
        ],
        uploads=[{"file": "/run/secrets/admin", "content": password}],
        volumes=[{"volume_name": volume.name, "container_path": "/var/lib/postgresql/data"}],
        networks_advanced=[{"name": net.data.name, "aliases": ["db", "postgres"], "ipv4_address": SERVER}],
        labels=[label("app", "db"), label("tier", "data")],
        memory=256,
        memory_swap=256,
        shm_size=64,
        cpu_shares=512,
        log_driver="json-file",
        log_opts={"max-size": "10m", "max-file": "2"},
        healthcheck={
            "tests": ["CMD-SHELL", "pg_isready -h 127.0.0.1 -U postgres"],
            "interval": "1s",
            "timeout": "2s",
            "retries": 60,
            "start_period": "1s",
        },
        wait=True,
        wait_timeout=90,
        must_run=True,
        destroy_grace_seconds=10,
        opts=ResourceOptions(depends_on=[net]),
    )


class AppDatabase(ComponentResource):
    """One database with an owner, a login, an extension, a schema and grants."""

    def __init__(self, name: str, limit: int) -> None:
        super().__init__("reference:index:AppDatabase", name)
        self.name, self.limit = name, limit
        self.owner = postgresql.Role(f"{name}-owner", name=f"{name}_owner", login=False, opts=self.opts())
        self.login = postgresql.Role(
            f"{name}-login",
            name=f"{name}_a",
            login=True,
            password=app_password.result,
            connection_limit=limit,
            roles=[self.owner.name],
            statement_timeout=30000,
            opts=self.opts(),
        )
        self.database = self._database()
        self._contents()
        self._grants()
        text = "postgresql://{0}:{1}@db:5432/{2}"
        url = pulumi.Output.format(text, self.login.name, app_password.result, self.database.name)
        self.register_outputs({"database": self.database.name, "url": pulumi.Output.secret(url)})

    def opts(self, *needs: pulumi.Resource) -> ResourceOptions:
        """Options of everything on the server."""
        return ResourceOptions(parent=self, provider=admin, depends_on=[db, *needs], deleted_with=db)

    def _database(self) -> postgresql.Database:
        return postgresql.Database(
            f"{self.name}-db",
            name=self.name,
            owner=self.owner.name,
            connection_limit=self.limit,
            encoding="UTF8",
            lc_collate="C",
            lc_ctype="C",
            template="template0",
            opts=self.opts(),
        )

    def _contents(self) -> None:
        name, database = self.name, self.database.name
        postgresql.Extension(f"{name}-vector", name="vector", database=database, opts=self.opts())
        self.schema = postgresql.Schema(
            f"{name}-schema", name="app", database=database, owner=self.owner.name, opts=self.opts()
        )

    def _grants(self) -> None:
        name, database = self.name, self.database.name
        public = postgresql.Grant(
            f"{name}-public",
            database=database,
            role="public",
            object_type="database",
            privileges=[],
            opts=self.opts(),
        )
        postgresql.Grant(
            f"{name}-connect",
            database=database,
            role=self.login.name,
            object_type="database",
            privileges=["CONNECT", "TEMPORARY"],
            opts=self.opts(public),
        )
        postgresql.DefaultPrivileges(
            f"{name}-defaults",
            database=database,
            role=self.login.name,
            owner=self.owner.name,
            schema="app",
            object_type="table",
            privileges=["SELECT", "INSERT"],
            opts=self.opts(self.schema),
        )


def client(net: Net, apps: list[AppDatabase]) -> docker.Container:
    """A container on both networks, with published ports and most of what limits one."""
    return docker.Container(
        "web",
        name=f"{PREFIX}-web",
        image=IMAGE,
        entrypoints=["sleep"],
        command=["3600"],
        restart="unless-stopped",
        envs=["STEP=1" if STEP == 1 else "STEP=2", "MODE=x"],
        networks_advanced=[{"name": net.data.name}, {"name": net.edge.name}],
        ports=[
            {"internal": 8080 + number, "external": PORT + number, "ip": "127.0.0.1", "protocol": "tcp"}
            for number in (0, 1)
        ],
        capabilities={"drops": ["CAP_NET_RAW"]},
        read_only=True,
        tmpfs={SCRATCH: "size=8m"},
        security_opts=["no-new-privileges:true"],
        user="65534:65534",
        working_dir=SCRATCH,
        stop_signal="SIGKILL",
        ulimits=[{"name": "nofile", "soft": 1024, "hard": 2048}],
        memory=64,
        opts=ResourceOptions(depends_on=apps),
    )


net = Net("net")
admin_password = random.RandomPassword("admin-password", length=32, special=False)
app_password = random.RandomPassword(
    "app-password",
    length=32,
    special=True,
    override_special="-_.~",
    keepers={"rotate": "1" if STEP < 3 else "2"},
)
random.RandomId("suffix", byte_length=4)
pet = random.RandomPet("pet", length=2)
random.RandomInteger("number", min=1, max=9)
random.RandomString("text", length=8, special=False, upper=False)
random.RandomUuid("uuid")
volume = docker.Volume(
    "db-data",
    name=f"{PREFIX}-db-data",
    labels=[label("app", "db")],
    opts=ResourceOptions(protect=STEP < 7, retain_on_delete=False),
)
db = server(net, volume, admin_password.result)
admin = postgresql.Provider(
    "server",
    host=SERVER,
    port=5432,
    username="postgres",
    password=admin_password.result,
    database="postgres",
    sslmode="disable",
    superuser=True,
    opts=ResourceOptions(depends_on=[db]),
)
limits = {"shop": 20 if STEP < 2 else 25} | ({"blog": 10} if STEP < 4 else {})
web = client(net, [AppDatabase(name, limit) for name, limit in limits.items()])
check = Command(
    "check",
    create="echo ready $STEP",
    update="echo updated $STEP",
    delete="true",
    environment={"STEP": str(STEP)},
    triggers=[web.id],
    opts=ResourceOptions(depends_on=[web]),
)
pulumi.export("web", web.name)
pulumi.export("ready", check.stdout)
pulumi.export("pet", pet.id)
pulumi.export("password", app_password.result)
pulumi.export("pin", config.require_secret("pin"))
pulumi.export("url", pulumi.Output.format("postgresql://shop:{0}@db/shop", app_password.result))
