"""The triggers in a plan that was made elsewhere, against the catalog that they come from."""

from __future__ import annotations

import json

from dbaudit.checks.index.unindexed_foreign_key import unindexed_foreign_key
from dbaudit.checks.plan.trigger_time import trigger_time
from dbaudit.facts import Facts
from dbaudit.facts.catalog import ForeignKey, Index, OperatorFamily, Table
from dbaudit.facts.statement import Explained
from dbaudit.finding import Finding
from dbaudit.sources import plans
from dbaudit.sources.postgres.collect import collect
from dbaudit.sources.postgres.plan_facts import facts_about_plans

CLIENTS = (
    'create table "Clients" (id int primary key)',
    'create table sales (id int primary key, client int references "Clients")',
    'insert into "Clients" select i from generate_series(1, 300) i',
    "insert into sales select i, 200 + i % 100 from generate_series(1, 30000) i",
)
FORMS = ("analyze", "analyze, verbose", "analyze, format json", "analyze, format yaml")


def deleted(database, options: str) -> tuple[Explained, ...]:
    database.run("begin")
    rows = database.admin.execute(f'explain ({options}) delete from "Clients" where id < 100').fetchall()
    database.run("rollback")
    return plans.read("\n".join(row[0] if isinstance(row[0], str) else json.dumps(row[0]) for row in rows).encode(), "x")


def found(facts: Facts) -> list[Finding]:
    # How long it takes is the machine's business here.
    return list(trigger_time.verdicts(facts, trigger_time.options(time_ratio=0.0, trigger_ms=0.0)))


def test_a_foreign_keys_trigger_without_an_index_names_the_index_it_lacks(newest):
    newest.run(*CLIENTS)
    read = [row for form in FORMS for row in deleted(newest, form)]
    for finding in found(Facts({Explained: tuple(read)})):
        assert finding.evidence["trigger"] == "sales_client_fkey" and finding.evidence["calls_count"] == 99
        assert "sales_client_fkey" in finding.fixes[0].title and not finding.fixes[0].statements
    session = newest.session()
    try:
        expected = collect(session, (ForeignKey, Index, Table, OperatorFamily))
        (known,) = (each for each in unindexed_foreign_key.verdicts(expected) if isinstance(each, Finding))
        told = found(facts_about_plans(session, read))
        assert [finding.fixes for finding in told] == [known.fixes] * len(FORMS)
        assert all("scans public.sales, as no index is on (client)" in finding.message for finding in told)
        newest.run("create index on sales (client)")
        told = found(facts_about_plans(session, read))
        assert [finding.fixes for finding in told] == [()] * len(FORMS)
        assert all("which is indexed" in finding.message for finding in told)
    finally:
        session.close()
