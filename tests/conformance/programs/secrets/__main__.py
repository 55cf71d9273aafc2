"""A password that reaches its server in a file only, and roles that are given verifiers. `step` 2 rotates.

The host's names and subnet come from the configuration, so that it can run beside other stacks.
"""

import base64
import hashlib
import hmac

import pulumi
import pulumi_docker as docker
import pulumi_postgresql as postgresql
import pulumi_random as random
from pulumi import ResourceOptions

config = pulumi.Config()
GENERATION = {"g": str(config.get_int("step") or 1)}
PREFIX, IMAGE = config.require("prefix"), config.require("image")
DATA = config.require("data")  # the first three numbers of a /24
SERVER = f"{DATA}.10"
ROUNDS = 4096


def verifier(password: str, salt: str) -> str:
    """What PostgreSQL keeps of a password; `salt` in base64. Source: RFC 5803."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(salt), ROUNDS)
    client, server = (hmac.digest(salted, f"{name} Key".encode(), "sha256") for name in ("Client", "Server"))
    stored = hashlib.sha256(client).digest()
    keys = ":".join(base64.b64encode(key).decode() for key in (stored, server))
    return f"SCRAM-SHA-256${ROUNDS}:{salt}${keys}"


admin = random.RandomPassword("admin", length=24, special=False)
password = random.RandomPassword("app", length=24, special=False, keepers=GENERATION)
salt = random.RandomId("salt", byte_length=16, keepers=GENERATION)
network = docker.Network(
    "n", name=f"{PREFIX}-n", internal=True, ipam_configs=[docker.NetworkIpamConfigArgs(subnet=f"{DATA}.0/24")]
)
files = docker.Volume("sec", name=f"{PREFIX}-sec")
fill = docker.Container(
    "fill",
    name=f"{PREFIX}-fill",
    image=IMAGE,
    entrypoints=["sh", "-c"],
    command=["cp /in/admin /out/admin && chmod 0444 /out/admin"],
    uploads=[docker.ContainerUploadArgs(file="/in/admin", content=admin.result)],
    volumes=[docker.ContainerVolumeArgs(volume_name=files.name, container_path="/out")],
    network_mode="none",
    must_run=False,
    attach=True,
    logs=False,
)
db = docker.Container(
    "db",
    name=f"{PREFIX}-db",
    image=IMAGE,
    envs=["POSTGRES_PASSWORD_FILE=/run/secrets/admin"],
    volumes=[docker.ContainerVolumeArgs(volume_name=files.name, container_path="/run/secrets", read_only=True)],
    networks_advanced=[docker.ContainerNetworksAdvancedArgs(name=network.name, ipv4_address=SERVER)],
    healthcheck=docker.ContainerHealthcheckArgs(
        tests=["CMD-SHELL", "pg_isready -h 127.0.0.1 -U postgres"],
        interval="1s",
        timeout="2s",
        retries=60,
        start_period="1s",
    ),
    wait=True,
    wait_timeout=60,
    must_run=True,
    opts=ResourceOptions(depends_on=[fill]),
)
server = postgresql.Provider(
    "s",
    host=SERVER,
    username="postgres",
    password=admin.result,
    sslmode="disable",
    opts=ResourceOptions(depends_on=[db]),
)
on_server = ResourceOptions(provider=server, deleted_with=db, depends_on=[db])
group = postgresql.Role("g", name="shop", login=False, opts=on_server)
owner = postgresql.Role("ow", name="shop_owner", login=False, opts=on_server)
postgresql.Role(
    "l",
    name="shop_a",
    login=True,
    password=pulumi.Output.all(password.result, salt.b64_std).apply(lambda both: verifier(*both)),
    roles=[group.name],
    opts=on_server,
)
postgresql.Role(
    "m",
    name="shop_migrate",
    login=True,
    password=password.result,
    roles=[group.name, owner.name],
    assume_role="shop_owner",
    opts=on_server,
)
postgresql.Database("d", name="shop", owner=owner.name, opts=on_server)
pulumi.export("pw", password.result)
