"""What a program does that no rule would see: it starts containers, opens a firewall or a tunnel.

Owns the table of programs and the question about one command's words. Where the words come from belongs to `shell`.
Programs with many uses are refused by default and let through for what only reads or closes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from policies.shell import UNKNOWN, UNKNOWN_WORDS

STARTS: Final = "starts or changes containers"
DEPLOYS: Final = "deploys what no rule sees"
OPENS: Final = "opens the firewall"
TUNNELS: Final = "relays or tunnels connections"
GRANTS: Final = "gives rights that no rule sees"
CANNOT_BE_READ: Final = "can't be read before it runs"


def words_of(text: str) -> frozenset[str]:
    """The words of a table's entry."""
    return frozenset(text.split())


_ENGINE_READS: Final = words_of(
    "ps images inspect logs version info pull push tag stats top wait stop kill rm rmi exec cp build login"
    " logout search events history diff port df prune ls list save export buildx builder image volume"
    " system help --version -v --help -h"
)
_ENGINE_GROUPS: Final = {
    "container": _ENGINE_READS,
    "context": words_of(
    "ls list inspect show help --help"
),
    "network": words_of(
    "ls list inspect create rm remove prune disconnect help --help"
),
    "service": words_of(
    "ls list inspect logs ps rm help --help"
),
    "stack": words_of(
    "ls list ps services rm down config help --help"
),
    "node": words_of(
    "ls inspect ps help --help"
),
    "compose": words_of(
    "ps logs config version stop down ls images top port pull push build exec kill rm events help --help"
    " --version"
),
}  # fmt: skip
_CLUSTER_READS: Final = words_of(
    "get describe logs version config wait top explain rollout diff auth api-resources api-versions"
    " cluster-info exec cp kustomize help --help -h whoami status login logout"
)
_HELM_READS: Final = words_of(
    "list ls status get history version repo search template show lint uninstall help --help pull package env"
)
_VALUED: Final = {  # global options that take the next word
    "docker": words_of(
        "-H --host -c --context -l --log-level --config --tlscacert --tlscert --tlskey --connection --url"
        " --identity --root --runroot --storage-driver --namespace -n --address -a --snapshotter --data-root"
        " --cgroup-manager --hosts-dir"
    ),
    "compose": words_of(
        "-f --file -p --project-name --profile --env-file --project-directory --parallel --progress --ansi -H"
        " --host -c --context --log-level -l"
    ),
    "kubectl": words_of(
        "-n --namespace --context --cluster --kubeconfig -s --server --user --as --as-group --as-uid --token"
        " --request-timeout -v --v --cache-dir --certificate-authority --client-key --client-certificate"
        " --password --username --tls-server-name --profile --log-file"
    ),
    "helm": words_of(
        "-n --namespace --kube-context --kubeconfig --registry-config --repository-cache --kube-token"
        " --repository-config --kube-apiserver --kube-as-user --burst-limit --qps"
    ),
}
_FIREWALLS: Final = ("ufw", "firewalld", "iptables", "ip6tables", "nftables", "netfilter-persistent", "shorewall")
_DOCKER: Final = words_of(
    "docker podman nerdctl podman-remote docker.io docker-current docker-latest finch balena balena-engine"
)
_BARE: Final = words_of("ctr crictl runc crun youki lxc lxd incus machinectl systemd-nspawn buildah")
_RUNNERS: Final = words_of("apptainer singularity udocker enroot lxc-start ch-run multipass lima limactl colima")
_COMPOSE: Final = frozenset({"docker-compose", "podman-compose", "docker-compose-v1", "nerdctl-compose", "compose"})
_CLUSTER: Final = frozenset({"kubectl", "oc", "kubecolor", "kubectl.exe"})
_DEPLOYERS: Final = words_of(
    "dockerd containerd dockerd-rootless.sh dockerd-rootless-setuptool.sh ansible"
    " ansible-playbook ansible-pull nomad vagrant k3s k3d kind minikube microk8s kubeadm helmfile skaffold"
    " tilt flux argocd kompose dagger docker-machine docker-swarm kamal waypoint garden okteto"
    " telepresence"
)
_RELAYS: Final = words_of(
    "rinetd simpleproxy gost stunnel stunnel4 haproxy chisel frpc frps ngrok cloudflared bore redir xinetd"
    " inetd upnpc natpmpc sslh wstunnel ligolo localtunnel lt inlets zrok pagekite.py 6tunnel tcpproxy"
    " portfwd sshuttle wg-quick openvpn zerotier-cli netbird nebula"
)
_STACK_READS: Final = words_of("output show validate fmt version about whoami logs help --help -h --version")
_SERVERS: Final = words_of(
    "postgres pg_ctl pg_ctlcluster redis-server valkey-server mysqld mariadbd mongod memcached etcd"
)
_EVERYWHERE: Final = re.compile(r"(?:^|[\s=/'\"])(?:0\.0\.0\.0|\*|\[?::\]?|--bind_ip_all)(?=[\s:'\"]|$)")
_SETTINGS: Final = re.compile(r"(?:pg_hba|postgresql(?:\.auto)?|redis|valkey|my|mongod)\.(?:conf|cnf)$")
_MOVERS: Final = words_of("cp ln mv install alias hash")
_DATA_FOLDERS: Final = re.compile(r"/(?:srv|opt|etc|backup|data|var/lib|var/backups)/[\w.-]+/?", re.ASCII)
NAMES: Final = ("docker", "podman", "nerdctl", "kubectl", "iptables", "ip6tables", "firewall-cmd", "upnpc", "socat")
_FORWARDS: Final = re.compile(
    r"-[1246AaCfGgKkMNnqsTtVvXxYy]*[LRDgwW]|-o\s*(?i:(?:Local|Remote|Dynamic)Forward|GatewayPorts|Tunnel)"
)


def opening(words: Sequence[str]) -> str:
    """What the program does that must not be done, "" where it does nothing of it or isn't known."""
    judge = _JUDGES.get(program(words[0]))
    return judge(words[1:]) if judge else ""


def program(word: str) -> str:
    """A program's name without folder and suffix."""
    return re.split(r"[/\\]", word)[-1].lower().removesuffix(".exe")


def _unknown(word: str) -> bool:
    return UNKNOWN in word or UNKNOWN_WORDS in word


def _subcommand(words: Sequence[str], valued: frozenset[str]) -> tuple[str, Sequence[str]]:
    """The first word that is no option, and those after it; the option where there is none."""
    at = 0
    while at < len(words) and words[at].startswith("-") and not _unknown(words[at].split("=")[0]):
        at += 2 if words[at] in valued else 1
    return (words[at], words[at + 1 :]) if at < len(words) else (words[0] if words else "", ())


def _by_reads(reads: frozenset[str], valued: str, meaning: str) -> Callable[[Sequence[str]], str]:
    def judge(words: Sequence[str]) -> str:
        name, _ = _subcommand(words, _VALUED[valued])
        if _unknown(name):
            return CANNOT_BE_READ
        return "" if not name or name in reads or (name.startswith("-") and len(words) == 1) else meaning

    return judge


def _engine(words: Sequence[str]) -> str:
    name, rest = _subcommand(words, _VALUED["docker"])
    if name == "cp" and any(_SETTINGS.search(one) for one in rest) and ":" in rest[-1]:
        return OPENS
    if name in _ENGINE_GROUPS:
        return _by_reads(_ENGINE_GROUPS[name], "compose" if name == "compose" else "docker", STARTS)(rest)
    return _by_reads(_ENGINE_READS, "docker", STARTS)(words)


def _ufw(words: Sequence[str]) -> str:
    plain = [word.lower() for word in words if not word.startswith("-")]
    if any(_unknown(word) for word in plain):
        return CANNOT_BE_READ
    closes = not plain or plain[0] in words_of("status version enable deny reject show logging help reload")
    return "" if closes or plain[:2] in (["default", "deny"], ["default", "reject"]) else OPENS


def _iptables(words: Sequence[str]) -> str:
    """Looking is allowed, and adding what closes."""
    text = " ".join(words)
    if _unknown(text):
        return CANNOT_BE_READ
    if re.search(r"(?:^|\s)(?:-[FDXRZN]|--(?:flush|delete\S*|replace|zero)|-t\s*nat|--table[= ]nat)", text):
        return OPENS
    if re.search(r"(?:^|\s)(?:-P|--policy|-[AI]|--append|--insert)", text):
        targets = re.findall(r"(?:^|\s)(?:-[jg]|--jump|--goto|-P\s*\S+|--policy[= ]\S+)[= ]*(\S+)", text)
        return "" if targets and set(targets) <= {"DROP", "REJECT"} else OPENS
    looks = r"(?:^|\s)(?:-\w*[LSCVh]\w*|--(?:list\S*|check|version|help))(?:\s|$)"
    return "" if not words or re.search(looks, text) else OPENS


def _nft(words: Sequence[str]) -> str:
    text = " ".join(words)
    closes = re.search(r"\b(?:drop|reject)\b", text) and not re.search(
        r"\b(?:accept|dnat|redirect|delete|flush)\b", text
    )
    looks = re.search(r"^(?:-\w+\s+)*(?:list|monitor|describe|--version|-v)\b", text)
    return CANNOT_BE_READ if _unknown(text) else "" if not words or closes or looks else OPENS


def _firewall_cmd(words: Sequence[str]) -> str:
    harmless = (
        "--list",
        "--state",
        "--get",
        "--remove",
        "--query",
        "--permanent",
        "--zone",
        "--reload",
        "--version",
        "--info",
    )
    if any(_unknown(word) for word in words):
        return CANNOT_BE_READ
    changes = [word for word in words if word.startswith("--") and not word.startswith(harmless)]
    return OPENS if changes or any(word.startswith("--remove-rich-rule") for word in words) else ""


def _ssh(words: Sequence[str]) -> str:
    """Forwarding, in its short options and as `-o`; what runs on the host is looked at like any other words."""
    joined = [f"{one}{words[at + 1]}" if one == "-o" and at + 1 < len(words) else one for at, one in enumerate(words)]
    return TUNNELS if any(_FORWARDS.match(one) for one in joined) else ""


def _netcat(words: Sequence[str]) -> str:
    short = "".join(word[1:] for word in words if re.fullmatch("-[A-Za-z]+", word))
    long = any(word in ("--listen", "--exec", "--sh-exec", "--keep-open", "--lua-exec") for word in words)
    return TUNNELS if long or set(short) & set("lec") else ""


def _socat(words: Sequence[str]) -> str:
    if any(_unknown(word) for word in words):
        return CANNOT_BE_READ
    return (
        TUNNELS
        if any("LISTEN" in w.upper() or re.match(r"(?i)(?:tcp|udp|sctp)[46]?-l:|exec:|system:", w) for w in words)
        else ""
    )


def _service(words: Sequence[str]) -> str:
    stops = any(word in ("stop", "disable", "mask", "kill") for word in words)
    named = any(word.removesuffix(".service") in _FIREWALLS for word in words)
    starts = any(word in ("start", "enable", "restart") for word in words)
    if stops and named:
        return OPENS
    return STARTS if starts and any(re.match("(?:docker-compose|podman-|compose@)", word) for word in words) else ""


def _copies(words: Sequence[str]) -> str:
    """A watched program under another name; a folder of data may be called like one."""
    named = (word for word in words if not _DATA_FOLDERS.fullmatch(word))
    return CANNOT_BE_READ if any(program(word) in WATCHED for word in named) else ""


def _stack(words: Sequence[str]) -> str:
    """Tools that deploy may be asked what is there."""
    name, rest = _subcommand(words, words_of("-C --cwd -s --stack"))
    if name in ("stack", "config", "state") and rest:
        name = "output" if rest[0] in ("output", "ls", "get", "list", "show") else rest[0]
    return "" if name in _STACK_READS else DEPLOYS


def _server(words: Sequence[str]) -> str:
    """A server that listens on every address. A word before no option is its name in another program's words."""
    own = bool(words) and (words[0].startswith("-") or "/" in words[0] or words[0].isdigit() or words[0] == "start")
    return OPENS if own and _EVERYWHERE.search(" ".join(words)) else ""


def _always(meaning: str) -> Callable[[Sequence[str]], str]:
    def judge(words: Sequence[str]) -> str:
        return "" if words and words[0] in ("--version", "-v", "version", "--help", "-h", "help") else meaning

    return judge


def _tailscale(words: Sequence[str]) -> str:
    return TUNNELS if any(re.match("serve$|funnel$|--advertise-", word) for word in words) else ""


_JUDGES: Final[Mapping[str, Callable[[Sequence[str]], str]]] = {
    **dict.fromkeys(_DOCKER, _engine),
    **dict.fromkeys(_BARE, _by_reads(_ENGINE_READS, "docker", STARTS)),
    **dict.fromkeys(_COMPOSE, _by_reads(_ENGINE_GROUPS["compose"], "compose", STARTS)),
    **dict.fromkeys(_CLUSTER, _by_reads(_CLUSTER_READS, "kubectl", DEPLOYS)),
    **dict.fromkeys(_RUNNERS, _always(STARTS)),
    **dict.fromkeys(_DEPLOYERS, _always(DEPLOYS)),
    **dict.fromkeys(("pulumi", "terraform", "tofu"), _stack),
    **dict.fromkeys(_SERVERS, _server),
    **dict.fromkeys(_RELAYS, _always(TUNNELS)),
    **dict.fromkeys(
        ("iptables", "ip6tables", "iptables-legacy", "ip6tables-legacy", "iptables-nft", "ebtables"), _iptables
    ),
    **dict.fromkeys(("iptables-restore", "ip6tables-restore", "iptables-apply", "pfctl"), _always(OPENS)),
    **dict.fromkeys(("ssh", "autossh", "plink"), _ssh),
    **dict.fromkeys(("nc", "ncat", "netcat", "nc.openbsd", "nc.traditional"), _netcat),
    **dict.fromkeys(("systemctl", "service", "rc-service"), _service),
    **dict.fromkeys(_MOVERS, _copies),
    "helm": _by_reads(_HELM_READS, "helm", DEPLOYS),
    "ufw": _ufw,
    "nft": _nft,
    **dict.fromkeys(("firewall-cmd", "firewall-offline-cmd"), _firewall_cmd),
    "socat": _socat,
    "tailscale": _tailscale,
}
WATCHED: Final = frozenset(_JUDGES) - _MOVERS - _SERVERS - {"service", "systemctl", "compose"}
