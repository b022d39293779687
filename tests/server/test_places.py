"""Findings about real plans, and what of the file they point at: each expected by reading the statement."""

from __future__ import annotations

from dbaudit.checks.registry import all_checks
from dbaudit.engine import Report, audit
from dbaudit.facts.statement import Statement
from dbaudit.finding import Finding
from dbaudit.sources.postgres.plan_facts import explained_facts
from dbaudit.sources.sqlfile import split
from dbaudit.sources.sqlplaces import locator

SHOP = (
    "create table orders (id int primary key, customer_id int, status text, mail text, made date)",
    "insert into orders select n, n % 3000, 's' || n % 400, 'm' || n, date '2025-01-01' + n % 90 from generate_series(1, 40000) n",
    "create index orders_mail_idx on orders (mail)",
    "create table customers (id int primary key, country text, currency text)",
    "insert into customers select n, 'C' || n % 20, 'M' || n % 20 from generate_series(1, 3000) n",
    "create index orders_customer_id_idx on orders (customer_id)",
    "create table events (id int, at timestamptz) partition by range (at)",
    *(
        f"create table events_{month} partition of events for values from ('2025-0{month}-01+00') to ('2025-0{month + 1}-01+00')"
        for month in range(1, 6)
    ),
    "insert into events select n, '2025-01-01+00'::timestamptz + n * interval '5 minutes' from generate_series(1, 40000) n",
    "create table fresh (id int, kind text) with (autovacuum_enabled = off)",
    "vacuum analyze",
)
# What is marked by [ ] is what the finding of this code points at.
MARKED = """
-- PLN001
select id from orders where [status = 's7' and id > 0];
-- PLN022
select o.id from customers c join orders as o on o.customer_id = c.id where c.id > 0 and [lower(o.mail) = $1];
-- PLN001
select * from (select id, status from orders) as x where [x.status = 's8'];
-- PLN001
with x as (select * from orders) select id from x where [status = 's9'];
-- PLN001
select id from orders where id < 0 union all select id from orders where [status = 's9'];
-- PLN001
select (select count(*) from orders where [status = c.country || 'x']) from customers c where c.id < 4;
-- PLN008
select id from orders order by id [offset 30000 rows] fetch first 5 rows only;
-- PLN010
select id from orders where mail < 'm0' or status = 's7' [order by id] limit 7;
-- PLN013
with [latest] as materialized (select * from orders) select * from latest where status = 's1';
-- PLN019
select count(*) from events e where [e.at::date = '2025-02-03'];
-- PLN012
select id, [(select count(*) from orders o where o.customer_id = c.id)] from customers c;
-- PLN004
select o.mail, o.id, o.made, o.status from orders o, generate_series(1, 4) n [order by 3, lower(o.status)];
"""


def statements() -> list[tuple[str, str, Statement]]:
    found = []
    for part in MARKED.strip().split("-- ")[1:]:
        code, _, text = part.partition("\n")
        marked = text[text.index("[") + 1 : text.index("]")]
        (statement,) = split("\n  " + text.replace("[", "").replace("]", ""), "a.sql")
        found.append((code, marked, statement))
    return found


def report_on(database, given: list[Statement]) -> Report:
    session = database.session()
    try:
        facts = explained_facts(session, given)
    finally:
        session.close()
    # How long anything takes is the machine's business here.
    options = {"time_ratio": 0.0, "warning_ms": 1e9, "refused_ms": 0.0}
    checks = all_checks("PLN")
    chosen = {
        check.code: check.options(**{name: options[name] for name in options if hasattr(check.options(), name)})
        for check in checks
        if check.options
    }
    return audit(command="explain", facts=facts, checks=checks, options=chosen, locator=locator)


def pointed(finding: Finding, statement: Statement) -> str:
    start = finding.span.column - statement.span.column
    return statement.text[start : start + finding.span.end_column - finding.span.column]


def test_a_finding_points_at_what_it_is_about(newest):
    newest.run(*SHOP)
    wanted = statements()
    report = report_on(newest, [statement for _, _, statement in wanted])
    for code, marked, statement in wanted:
        found = {pointed(each, statement) for each in report.findings if (each.code, each.subject.name) == (code, statement.identity)}
        codes = [(each.code, each.message) for each in report.findings if each.subject.name == statement.identity]
        assert found == {marked}, codes


def test_one_cause_is_one_finding_with_its_chain(newest):
    newest.run(
        *SHOP,
        "insert into fresh select n, 'old' from generate_series(1, 100) n",
        "create index on fresh (kind)",
        "analyze fresh",
        "insert into fresh select n % 3000, 'new' from generate_series(1, 20000) n",
        "select pg_stat_force_next_flush()",
    )
    text = "select c.country, o.id from fresh f join customers c on c.id = f.id join orders o on o.customer_id = f.id where f.kind = 'new'"
    (statement,) = split(text, "a.sql")
    report = report_on(newest, [statement])
    by_code = {each.code: each for each in report.findings}
    root = by_code["PLN018"]
    assert pointed(root, statement) == "f.kind = 'new'"
    assert not {"PLN003", "PLN009", "PLN020"} & set(by_code)
    assert root.chain[0].code == "PLN009"
    assert root.fixes[0].statements == ("ANALYZE public.fresh;",)
