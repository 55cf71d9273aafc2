"""Where statements begin, and which of them would end the transaction of their file."""

from __future__ import annotations

import pytest

from operate import sql_text

FILE = """-- a comment; with a semicolon
CREATE TABLE a (x text DEFAULT 'b;c');

/* one /* inside; */ another; */
CREATE FUNCTION f() RETURNS int LANGUAGE sql
BEGIN ATOMIC SELECT CASE WHEN true THEN 1 ELSE 2 END; SELECT 2; END;
DO $body$ BEGIN PERFORM 1; END $body$;
CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.x = ';'; RETURN NEW; END $$;
INSERT INTO a VALUES (E'it\\'s;', $q$x;y$q$);
SELECT 1
"""


def test_each_statement_is_found_where_it_begins():
    found = sql_text.statements(FILE)
    assert [(one.line, one.text.split()[0]) for one in found] == [
        (2, "CREATE"), (5, "CREATE"), (7, "DO"), (8, "CREATE"), (9, "INSERT"), (10, "SELECT"),
    ]  # fmt: skip
    assert found[1].text.endswith("END")


def test_a_place_that_the_server_names_is_a_line_of_a_statement():
    assert sql_text.line_at("SELECT 1;\n\nSELEC 2", 12) == 3
    at = sql_text.statement_at("SELECT 1;\n\nSELECT\n 2", 4)
    assert at is not None
    assert at.line == 3


@pytest.mark.parametrize(
    "text",
    ["BEGIN", "begin work;", "START TRANSACTION", "COMMIT", "END", "ROLLBACK", "ABORT", "PREPARE TRANSACTION 'x'"],
)
def test_what_begins_or_ends_a_transaction_is_known(text):
    assert [one.controls_transaction for one in sql_text.statements(text)] == [True]


@pytest.mark.parametrize(
    "text", ["SAVEPOINT a", "ROLLBACK TO a", "ROLLBACK TO SAVEPOINT a", "PREPARE q AS SELECT 1", "SELECT 'COMMIT'"]
)
def test_what_stays_within_its_transaction_may_run(text):
    assert [one.controls_transaction for one in sql_text.statements(text)] == [False]


@pytest.mark.parametrize("text", ["SELECT 'never ends", "SELECT $a$ never ends", ""])
def test_text_that_does_not_end_is_left_to_the_server(text):
    assert sql_text.statements(text) == [] or len(sql_text.statements(text)) == 1


def test_a_long_statement_is_shown_short_and_on_one_line():
    [one] = sql_text.statements("SELECT\n" + "a, " * 100 + "b")
    assert len(one.short) == 100
    assert "\n" not in one.short
