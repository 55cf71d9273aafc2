"""The rules in docs/firewall.md, put in place in network namespaces: a client, a host that forwards, a container.

Needs root and no Docker. What the rules are for is said there.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.integration.project import REPOSITORY

pytestmark = pytest.mark.integration
FRONTEND, BACKEND, POSTGRES, OLD_REDIS = 3003, 4003, 5432, 6380
PORTS = (FRONTEND, BACKEND, POSTGRES, OLD_REDIS)
BLOCKS = re.findall(r"```(iptables|nft)\n(.*?)```", (REPOSITORY / "docs/firewall.md").read_text(), re.DOTALL)
SCENE = """
set -e
mkdir -p /run/netns && mount -t tmpfs none /run/netns
ip netns add client && ip netns add container
ip link add eth0 type veth peer name eth0 netns client
ip link add bridge0 type veth peer name eth0 netns container
ip link set lo up
ip address add 192.0.2.1/24 dev eth0 && ip link set eth0 up
ip address add 10.9.0.1/24 dev bridge0 && ip link set bridge0 up
ip -n client address add 192.0.2.2/24 dev eth0 && ip -n client link set eth0 up
ip -n container address add 10.9.0.2/24 dev eth0 && ip -n container link set eth0 up
ip -n container route add default via 10.9.0.1
echo 1 >/proc/sys/net/ipv4/ip_forward
iptables -N DOCKER-USER
iptables -A FORWARD -j DOCKER-USER
for port in $PORTS; do
    iptables -t nat -A PREROUTING -i eth0 -p tcp --dport $port -j DNAT --to-destination 10.9.0.2:$port
done
ip netns exec container python3 -c "$SERVE" &
server=$!
ip netns exec client python3 -c "$ASK" wait
eval "$RULES"
eval "$RULES"
ip netns exec client python3 -c "$ASK"
kill $server
"""
SERVE = """
import os, selectors, socket
wanted = selectors.DefaultSelector()
for port in os.environ["PORTS"].split():
    wanted.register(socket.create_server(("", int(port))), selectors.EVENT_READ)
while True:
    for key, _ in wanted.select():
        key.fileobj.accept()[0].close()
"""
ASK = """
import json, os, socket, sys, time
def reached(port):
    try:
        socket.create_connection(("192.0.2.1", port), 1).close()
        return True
    except OSError:
        return False
ports = [int(port) for port in os.environ["PORTS"].split()]
end = time.monotonic() + 10
while sys.argv[1:] and not all(map(reached, ports)) and time.monotonic() < end:
    time.sleep(0.1)
print(json.dumps([port for port in ports if reached(port)]))
"""


def reached(rules: str) -> list[list[int]]:
    """The ports that the client reaches before and after the commands `rules`, which are given twice."""
    env = {
        "PORTS": " ".join(map(str, PORTS)),
        "SERVE": SERVE,
        "ASK": ASK,
        "RULES": rules,
        "PATH": f"{os.environ['PATH']}:/usr/sbin",
    }
    done = subprocess.run(
        ["unshare", "--net", "--mount", "sh", "-c", SCENE],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("block", "open_after"),
    [(0, [FRONTEND]), (1, [FRONTEND]), (2, [FRONTEND, BACKEND])],
    ids=["iptables", "nft", "at-once"],
)
def test_from_outside_only_what_the_page_leaves_open_is_reached(
    block: int, open_after: list[int], tmp_path: Path
) -> None:
    kind, rules = BLOCKS[block]
    if kind == "nft" and not shutil.which("nft"):
        pytest.skip("nftables isn't installed here")
    file = tmp_path / "rules"
    file.write_text(rules)
    restore = f"iptables-restore --test --noflush {file} && iptables-restore --noflush {file}"
    before, after = reached(f"nft -c -f {file} && nft -f {file}" if kind == "nft" else restore)
    assert before == list(PORTS), "without the rules each published port is reached"
    assert after == open_after
