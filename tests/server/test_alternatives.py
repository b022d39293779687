"""Statements are planned again under other settings where that tells why an index was not taken, and nothing is left."""

from __future__ import annotations

import json

import pytest

from dbaudit.facts import codec
from dbaudit.facts.statement import GENERIC_PLAN, Explained
from dbaudit.sources.postgres import explain as gate
from dbaudit.sources.postgres.plan_facts import explained_facts
from dbaudit.sources.sqlfile import split

KINDS = (
    "create table kinds (id int primary key, kind text, other int)",
    "insert into kinds select n, case when n % 20 < 9 then 'rare' else 'secretly common' end, n from generate_series(1, 30000) n",
    "create index kinds_kind_idx on kinds (kind)",
    "vacuum analyze kinds",
)


@pytest.fixture
def session(newest):
    newest.run(*KINDS)
    session = newest.session()
    yield session
    session.close()


def explain(session, text: str, **options) -> list[Explained]:
    return list(gate.explain(session, split(text, "q.sql"), **options))


@pytest.mark.parametrize("analyze", [True, False])
def test_a_scan_that_an_index_could_serve_is_planned_without_it(session, analyze: bool) -> None:
    text = "select count(other) from kinds where kind = 'secretly common'"
    (explained,) = explain(session, text, analyze=analyze)
    assert "Seq Scan" in [node.node_type for node in explained.plan.nodes()]
    forbidden = {each.setting: each.plan for each in explained.alternatives}["enable_seqscan = off"]
    assert "kinds_kind_idx" in [node.index_name for node in forbidden.nodes()]
    assert not forbidden.was_run and forbidden.root.total_cost > explained.plan.root.total_cost
    settings = "select current_setting('enable_seqscan'), current_setting('random_page_cost')"
    assert session.connection.execute(settings).fetchone() == ("on", "4")


@pytest.mark.parametrize(
    "text",
    [
        "select * from kinds where id = 7",
        "select * from kinds where other % 7 = 3",
        "select count(other) from kinds",
        "select * from kinds where kind = 'rare' limit 1",
    ],
)
def test_where_it_tells_nothing_the_statement_is_planned_once(session, text: str) -> None:
    (explained,) = explain(session, text)
    assert explained.plan and not explained.alternatives


def test_values_are_not_told(session) -> None:
    (explained,) = explain(session, "select count(other) from kinds where kind = $1")
    variants = {variant.name: variant for variant in explained.variants}
    assert variants["common value"].alternatives and not variants[GENERIC_PLAN].alternatives
    assert "secretly" not in json.dumps([each.plan.raw for each in variants["common value"].alternatives])
    assert explained.alternatives in [variant.alternatives for variant in explained.variants]


def test_only_so_many_statements_of_a_run_are_planned_again(session, monkeypatch) -> None:
    monkeypatch.setattr(gate, "MOST_ALTERNATIVES", 2)
    text = "select count(other) from kinds where kind = 'secretly common';"
    assert [bool(row.alternatives) for row in explain(session, 4 * text)] == [True, True, False, False]


def test_facts_with_alternatives_and_rewrites_come_back_from_json(session) -> None:
    text = "select count(*) > 0 from kinds where kind = 'secretly common' and other > -1"
    facts = explained_facts(session, split(text, "q.sql"))
    again = codec.from_json(json.loads(json.dumps(codec.to_json(facts))))
    assert codec.to_json(again) == codec.to_json(facts)
    assert {kind.__name__ for kind, rows in facts.rows.items() if rows} >= {"Explained", "Rewrite"}
