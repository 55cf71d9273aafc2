"""Four services with a database each, and the monolith's beside them, in either shape (examples/microservices)."""

from __future__ import annotations

from collections.abc import Iterator

import docker
import psycopg
import pytest

from tests.examples.example import SHAPES, Example, brought_up
from tests.integration.daemon import outside_address, reachable
from tests.integration.project import REPOSITORY

pytestmark = pytest.mark.integration
SERVICES = ("auth", "product", "cart", "promotion")
DATABASES = {**{app: f"{app}_db" for app in SERVICES}, "poc": "poc"}
PORTS = {"auth": 5433, "product": 5434, "cart": 5435, "promotion": 5436, "poc": 5432}
TABLES = {
    "auth": {"users", "user_sessions", "user_profiles"},
    "product": {"categories", "products", "product_inventory", "product_images", "product_variants"},
    "cart": {
        *("carts", "cart_items", "wishlists", "wishlist_items", "cart_view", "saved_carts"),
        "reference_validation_log",
    },
    "promotion": {
        *("promo_codes", "promo_usage", "promotion_campaigns", "campaign_promo_codes", "user_promo_eligibility"),
        *("promo_analytics", "promo_suggestions"),
    },
    "poc": {"users"},
}
INDEXES = {
    "auth": {"user_sessions_user_id_idx", "user_sessions_expires_at_idx"},
    "product": {
        *("products_category_id_idx", "products_name_idx", "product_variants_product_id_idx"),
        "product_images_product_id_idx",
    },
    "cart": {
        *("carts_user_ref_idx", "saved_carts_user_ref_idx", "wishlists_user_ref_idx"),
        "reference_validation_log_idx",
    },
    "promotion": {"promo_usage_user_ref_idx", "promo_suggestions_cart_ref_idx", "promo_analytics_day_idx"},
    "poc": set(),
}
ROWS = {
    "users": "(email, password_hash) VALUES ('touch@shop.test', 'x')",
    "user_profiles": "(user_id) SELECT id FROM users WHERE email = 'touch@shop.test'",
    "products": "(sku, name, price_cents) VALUES ('touch', 'touch', 1)",
    "product_inventory": "(product_id) SELECT id FROM products WHERE sku = 'touch'",
    "carts": "DEFAULT VALUES",
    "cart_view": "(cart_id) SELECT id FROM carts LIMIT 1",
    "promo_codes": "(code, discount_percent) VALUES ('TOUCH', 10)",
    "promotion_campaigns": "(name, starts_at, ends_at) VALUES ('touch', now(), now() + interval '1 day')",
}
STAMPED = {
    "auth": ("users", "user_profiles"),
    "product": ("products", "product_inventory"),
    "cart": ("carts", "cart_view"),
    "promotion": ("promo_codes", "promotion_campaigns"),
    "poc": ("users",),
}


@pytest.fixture(scope="module", params=SHAPES)
def example(
    request: pytest.FixtureRequest, daemon: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Example]:
    with brought_up(daemon, tmp_path_factory.mktemp(request.param), "microservices", request.param) as found:
        yield found


def servers(example: Example) -> dict[str, str]:
    """The container of the server that each app's database is on."""
    shared = dict.fromkeys(SERVICES, "postgres-unified")
    own = {app: f"{app}-postgres" for app in SERVICES}
    return {**(own if example.shape == "isolated" else shared), "poc": "poc-postgres"}


def test_a_server_per_service_or_one_for_all_and_the_legacy_one_come_up_healthy(example: Example) -> None:
    running = set(servers(example).values())
    assert example.names() == {*SERVICES, *running, *(f"{name}-loopback" for name in running)}
    states = {name: example.container(name)["State"]["Health"]["Status"] for name in example.names()}
    assert set(states.values()) == {"healthy"}, states


@pytest.mark.parametrize("app", SERVICES)
def test_a_service_reaches_its_own_database_and_the_legacy_one(example: Example, app: str) -> None:
    told = example.report(app)
    legacy = told["further"]["LEGACY_DATABASE_URL"]
    assert told["database"]["ok"], told
    assert (told["database"]["database"], told["database"]["user"]) == (f"{app}_db", f"{app}_db_a")
    assert legacy["ok"], told
    assert (legacy["database"], legacy["user"]) == ("poc", "poc_owner"), "with ddl its login acts as the owner"


def test_each_login_enters_its_own_database_and_no_other(example: Example) -> None:
    assert {app: example.entered(app) for app in DATABASES} == {app: {name} for app, name in DATABASES.items()}


def test_the_users_and_passwords_of_the_document_open_nothing(example: Example) -> None:
    passwords = {**{app: f"{app}_pass123" for app in SERVICES}, "poc": "admin123"}
    for app, password in passwords.items():
        for user in (f"{app}_user", f"{DATABASES[app]}_a", "admin", "postgres"):
            with pytest.raises(psycopg.OperationalError):
                example.connect(app, user=user, password=password)
    assert example.admin(example.server("auth"), "SELECT 1 FROM pg_roles WHERE rolname ~ '_user$'") == []


@pytest.mark.parametrize("app", DATABASES)
def test_the_named_tables_are_there_and_belong_to_nobody_who_logs_in(example: Example, app: str) -> None:
    found = example.ask(app, "SELECT tablename, tableowner FROM pg_tables WHERE schemaname = 'public'")
    assert {table for table, _ in found} == TABLES[app]
    assert {owner for _, owner in found} == {f"{DATABASES[app]}_owner"}


@pytest.mark.parametrize("app", DATABASES)
def test_common_queries_have_indexes_beside_those_of_keys(example: Example, app: str) -> None:
    query = """
        SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        WHERE c.relnamespace = 'public'::regnamespace AND i.indisvalid
        AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid)
    """
    assert {name for (name,) in example.ask(app, query)} == INDEXES[app]


def test_services_name_each_others_rows_by_reference_ids_and_never_by_foreign_keys(example: Example) -> None:
    references = """
        SELECT c.table_name, c.column_name, EXISTS (
            SELECT FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
            WHERE k.contype = 'f' AND k.conrelid = format('%I', c.table_name)::regclass AND a.attname = c.column_name)
        FROM information_schema.columns c WHERE c.table_schema = 'public' AND c.column_name ~ '_ref$'
    """
    found = {app: example.ask(app, references) for app in SERVICES}
    assert {app: len(rows) for app, rows in found.items()} == {"auth": 0, "product": 0, "cart": 6, "promotion": 4}
    assert not [row for rows in found.values() for row in rows if row[2]]
    for app in DATABASES:
        assert example.ask(app, "SELECT extname FROM pg_extension") == [("plpgsql",)], (
            "nothing links to other databases"
        )
        assert example.ask(app, "SELECT 1 FROM pg_foreign_server") == []


@pytest.mark.parametrize("app", DATABASES)
def test_timestamps_are_set_by_the_database_whatever_a_client_writes(example: Example, app: str) -> None:
    columns = "column_name IN ('updated_at', 'refreshed_at') AND table_schema = 'public'"
    query = f"SELECT table_name, column_name FROM information_schema.columns WHERE {columns}"
    stamps = dict(example.ask(app, query))
    assert set(stamps) == set(STAMPED[app])
    with example.connect(app) as connection, connection.transaction(force_rollback=True):
        for table in STAMPED[app]:
            connection.execute(f"INSERT INTO {table} {ROWS[table]}".encode())
            connection.execute(f"UPDATE {table} SET {stamps[table]} = '2000-01-01'".encode())
            told = connection.execute(f"SELECT bool_and({stamps[table]} = now()) FROM {table}".encode()).fetchone()
            assert told == (True,), table


def test_a_service_creates_what_it_needs_by_its_migrations_and_uses_it_at_once(example: Example) -> None:
    for app in SERVICES:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            example.ask(app, "CREATE TABLE mine (id int)")
        with example.connect(app, "migrate_url") as migration:
            migration.execute("CREATE TABLE later (id int)")
            example.connect(app).execute("INSERT INTO later VALUES (1)")
            migration.execute("DROP TABLE later")


def test_the_monolith_creates_its_tables_with_its_own_login(example: Example) -> None:
    with example.connect("poc") as connection:
        connection.execute("CREATE TABLE later (id int)")
        owner = connection.execute("SELECT tableowner FROM pg_tables WHERE tablename = 'later'").fetchone()
        connection.execute("DROP TABLE later")
    assert owner == ("poc_owner",)


def test_the_ports_of_the_document_lead_to_their_databases_from_loopback_only(example: Example) -> None:
    relays = {app: example.container(f"{name}-loopback") for app, name in servers(example).items()}
    bound = {app: its["HostConfig"]["PortBindings"] for app, its in relays.items()}
    assert {one["HostIp"] for its in bound.values() for [one] in its.values()} == {"127.0.0.1"}
    ports = {app: int(one["HostPort"]) for app, its in bound.items() for [one] in its.values()}
    wanted = PORTS if example.shape == "isolated" else {**dict.fromkeys(SERVICES, 5437), "poc": 5432}
    moved = ports["poc"] - PORTS["poc"]  # by the tests, all alike
    assert {app: port - moved for app, port in ports.items()} == wanted
    for app, port in ports.items():
        with example.connect(app, host="localhost", port=port) as connection:
            assert connection.execute("SELECT current_database()").fetchone() == (DATABASES[app],)
    assert reachable(*((outside_address(), port) for port in ports.values())) == []
    for name in set(servers(example).values()):
        assert not example.container(name)["HostConfig"]["PortBindings"], name


def test_connections_are_encrypted_and_no_other_are_taken(example: Example) -> None:
    for app in DATABASES:
        with pytest.raises(psycopg.OperationalError):
            example.connect(app, sslmode="disable")
        with example.connect(app) as connection:
            assert connection.pgconn.ssl_in_use


def test_the_figures_in_its_readme_are_those_of_compare(example: Example) -> None:
    readme = (REPOSITORY / "examples/microservices/README.md").read_text()
    for shape in SHAPES:
        total = example.compared["shapes"][shape]["total"]
        memory, ports = total["memory"] // 2**20, total["data_ports"]
        row = f"| {shape} | {total['containers']} | {memory} MiB | {total['cpu']:g} | {ports} |"
        assert row in readme, row
