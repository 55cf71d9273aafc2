"""The clients of a rotation under load, as a program for a container that has an app's secret files mounted.

Each reads its file when it connects. `new` connects for every transaction, `pooled` keeps a connection and pauses
between transactions, `busy` keeps one and never pauses; the same for Redis. A transaction counts as failed when an
error reaches it after it has begun, or when it can't begin at the second attempt: one that a closed connection didn't
let begin has lost nothing. Ends on SIGTERM and prints what it has counted.
"""

PROGRAM = r"""
import json, signal, sys, threading, time
import psycopg, redis

stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
counted = {}

def url(name):
    with open(f"/run/secrets/{name}") as file:
        return file.read().strip()

class Client:
    def __init__(self, name, pause, keep):
        self.name, self.pause, self.keep, self.connection = name, pause, keep, None
        counted[name] = self.seen = {"done": 0, "failed": 0, "connected": 0, "users": [], "errors": []}

    def begin(self):
        if self.connection is None:
            self.connection = self.connect()
            self.seen["connected"] += 1
        self.start()

    def run(self):
        while not stop.is_set():
            try:
                try:
                    self.begin()
                except self.lost:
                    self.leave()
                    self.begin()
                user = self.work()
                self.seen["done"] += 1
                if user not in self.seen["users"]:
                    self.seen["users"].append(user)
            except Exception as error:
                self.seen["failed"] += 1
                self.seen["errors"].append(type(error).__name__)
                self.leave()
            if not self.keep:
                self.leave()
            time.sleep(self.pause)

    def leave(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None

class Sql(Client):
    lost = psycopg.OperationalError

    def connect(self):
        return psycopg.connect(url("database_url"), autocommit=True, connect_timeout=5)

    def start(self):
        self.connection.execute("BEGIN")

    def work(self):
        self.connection.execute("INSERT INTO worked (client) VALUES (%s)", (self.name,))
        user = self.connection.execute("SELECT session_user").fetchone()[0]
        self.connection.execute("COMMIT")
        return user

class Keys(Client):
    lost = redis.RedisError

    def connect(self):
        return redis.Redis.from_url(url("redis_url"), single_connection_client=True, socket_timeout=5)

    def start(self):
        self.connection.ping()

    def work(self):
        self.connection.incr("shop:worked")
        return self.connection.acl_whoami()

clients = [
    Sql("sql new", 0.02, False), Sql("sql pooled", 1.3, True), Sql("sql busy", 0, True),
    Keys("redis new", 0.02, False), Keys("redis busy", 0.001, True),
]
threads = [threading.Thread(target=one.run) for one in clients]
for one in threads:
    one.start()
for one in threads:
    one.join()
print(json.dumps(counted), flush=True)
"""
