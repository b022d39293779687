"""Where a finding about a plan points to in the statement's text: the right place, or the whole statement."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbaudit.facts import Facts
from dbaudit.facts.plan import plan_from_json
from dbaudit.facts.statement import Explained, How
from dbaudit.finding import Finding, InPlan, Part, Severity, Span, Subject
from dbaudit.sources.sqlfile import split
from dbaudit.sources.sqlplaces import locator

WHOLE = None


def scan(relation: str, alias: str = "", **more) -> dict:
    return {"Node Type": "Seq Scan", "Schema": "public", "Relation Name": relation, "Alias": alias or relation, **more}


def node(kind: str, *children: dict, **more) -> dict:
    return {"Node Type": kind, "Plans": list(children), **more}


def pointed(content: str, plan: dict, in_plan: InPlan) -> str | None:
    """The text that the finding points at, cut out of the file by lines and columns; None for the whole statement."""
    (statement,) = split(content, "a.sql")
    explained = Explained(statement=statement, how=How.ANALYZED, plan=plan_from_json({"Plan": plan}))
    subject = Subject(kind="statement", name=statement.name or statement.identity)
    finding = Finding(
        code="PLN001", subject=subject, message="", severity=Severity.INFO, span=statement.span, in_plan=in_plan
    )
    located = locator(Facts({Explained: (explained,)}))(finding)
    assert located.fingerprint == finding.fingerprint
    return None if located.span == statement.span else cut(content, located.span)


def cut(content: str, span: Span) -> str:
    lines = content.replace("\r\n", "\n").split("\n")[span.line - 1 : span.end_line]
    lines[-1] = lines[-1][: span.end_column - 1]
    lines[0] = lines[0][span.column - 1 :]
    return "\n".join(lines)


def condition(*texts: str, number: int = 0, relation: str = "") -> InPlan:
    return InPlan(nodes=(number,), part=Part.CONDITION, expressions=texts, relation=relation)


OPEN = condition("(o.status = 'open'::text)")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select * from orders o where status = 'open'", "status = 'open'"),
        ("select * from orders o where o.status = 'open' and id > 5", "o.status = 'open'"),
        ("select * from orders o where id > 5 and (o.status = $1)", "o.status = $1"),
        ("select * from orders o where o . /* status = 'x' */ status\n  = 'open' -- status = 'y'", "o . /* status = 'x' */ status\n  = 'open'"),
        ("select $a$ where status = 'open' $a$ from orders o where STATUS = E'op\\x65n'", "STATUS = E'op\\x65n'"),
        ("select 'é🐘', \"status\" from orders as \"o\" where\r\n\t\"o\".\"status\" = 'open'\r\n", "\"o\".\"status\" = 'open'"),
        ("select * from public.orders o where o.status in (%(a)s, :b, ?)", "o.status in (%(a)s, :b, ?)"),
        ("update orders o set total = 1 where status = @status returning status", "status = @status"),
        ("select * from orders o join customers c on c.id = o.customer_id and o.status = 'open'", "o.status = 'open'"),
        ("select * from (select * from orders o) x where x.status = 'open'", "x.status = 'open'"),
        ("with x as (select * from orders o) select * from x where status = 'open'", "status = 'open'"),
        # The column of another relation, of another query, or none that is written: the relation is sure.
        ("select * from orders o, users u where u.status = 'open'", "orders o"),
        ("select * from orders o where exists (select from users where status = 'open')", "orders o"),
        ("select * from (select *, 1 as n, kind as status from orders o) x, users where status = 'open'", "orders o"),
        ("select * from orders o", "orders o"),
        # Twice the same column: the literal tells which, and where it does not, nothing is guessed.
        ("select * from orders o where status = 'open' or true and status = 'x'", "status = 'open' or true and status = 'x'"),
        ("select * from orders o where status = 'open' and status = 'x'", "status = 'open'"),
        ("select * from orders o where status = $1 and status = $2", "orders o"),
        ("select * from orders o where status = 'open' union all select * from orders o where status = 'x'", "status = 'open'"),
        ("select * from orders o where status = $1 union all select * from orders o where status = $2", WHOLE),
        # Not of this relation, or not to be told from a view's.
        ("select * from other.orders o where status = 'open'", WHOLE),
        ("select * from \"Orders\" o where status = 'open'", WHOLE),
        ("select * from v where status = 'open'", WHOLE),
        ("select * from orders o where {{ filter }}", WHOLE),
        ("select * from orders o where (status = 'open'", WHOLE),
    ],
)  # fmt: skip
def test_a_condition(text, expected):
    plan = node("Append", scan("orders", "o"), scan("users", "u"), scan("users"), scan("customers", "c"))
    at = condition(*OPEN.expressions, number=1)
    assert pointed(f"-- été\n/* 🐘 */ {text}", plan, at) == expected


def test_a_view_that_reads_the_same_relation_leaves_a_doubt():
    text = "select * from orders_of_today left join orders on orders.id = 5 where orders.status = 'open'"
    seen_twice = node("Nested Loop", scan("orders"), scan("orders", "orders_1"))
    filtered = condition("(orders.status = 'open'::text)", number=1)
    assert pointed(text, seen_twice, filtered) is WHOLE
    assert pointed(text, node("Nested Loop", scan("orders")), filtered) is WHOLE
    joined = text.replace("left join", "join")
    assert pointed(joined, node("Nested Loop", scan("orders")), filtered) == "orders.status = 'open'"


@pytest.mark.parametrize(
    ("where", "conjuncts", "expected"),
    [
        ("a > 1 and a < 5", ["(o.a > 1)"], "a > 1"),
        ("a > 1 and a < 5", ["(o.a > 1)", "(o.a < 5)"], "a > 1 and a < 5"),
        ("5 > a and a > 1", ["(o.a < 5)"], "5 > a"),
        ("a between 1 and 5 and b = 2", ["(o.a >= 1)", "(o.a <= 5)"], "a between 1 and 5"),
        ("not a < 5 and a >= 100", ["(o.a >= 5)"], "orders o"),
        ("s like 'ab%' and s >= 'm'", ["(o.s >= 'ab'::text)"], "orders o"),
        ("(a = 1 or b = 2) and c = 3", ["((o.a = 1) OR (o.b = 2))"], "a = 1 or b = 2"),
        ("a = 1 and b = 2 and c = 3", ["(o.a = 1)", "(o.c = 3)"], "a = 1"),
        ("lower(s) = $1 and b = 2", ["(lower(o.s) = 'x'::text)"], "lower(s) = $1"),
        ("s = any($1) and s in ('a', 'b')", ["(o.s = ANY ('{a,b}'::text[]))"], "orders o"),
        ("made::date = date '2025-01-01'", ["((o.made)::date = '2025-01-01'::date)"], "made::date = date '2025-01-01'"),
        ("made >= '2024-01-01' and made < now()", ["(o.made >= '2024-01-01 00:00:00+00'::timestamp with time zone)"], "made >= '2024-01-01'"),
    ],
)  # fmt: skip
def test_of_several_conditions_the_one_that_is_meant(where, conjuncts, expected):
    assert pointed(f"select 1 from orders o where {where}", scan("orders", "o"), condition(*conjuncts)) == expected


def test_a_partition_stands_for_what_the_text_names():
    plan = node("Append", scan("events_2024", "e_1"), scan("events_2025", "e_2"))
    at = condition("(e_1.kind = 5)", number=1, relation="events")
    assert pointed("select * from events e where kind = 5", plan, at) == "kind = 5"
    assert pointed("select * from events e", plan, at) == "events e"


def test_a_join_condition():
    plan = node("Nested Loop", scan("orders", "o"), scan("customers", "c"))
    either = condition("((o.customer_id = c.id) OR (o.payer_id = c.id))")
    text = "select 1 from orders o join customers c on o.customer_id = c.id or c.id = o.payer_id where o.id > 5"
    assert pointed(text, plan, either) == "o.customer_id = c.id or c.id = o.payer_id"
    assert pointed(text.replace("c.id", "d.id"), plan, either) is WHOLE


def sort(*keys: str) -> InPlan:
    return InPlan(nodes=(0,), part=Part.SORT, expressions=keys)


def test_the_list_that_is_sorted_or_grouped_by():
    top = node("Sort", scan("orders", "o"))
    assert pointed("select 1, * from orders o order by 2 desc, lower(s)", top, sort("o.a")) == "order by 2 desc, lower(s)"
    assert pointed("select distinct a from orders o", top, sort("o.a")) is WHOLE
    grouping = node("Aggregate", node("Sort", scan("orders", "o")))
    by_a = InPlan(nodes=(1,), part=Part.SORT, expressions=("o.a",))
    assert pointed("select a, max(b) from orders o group by a order by a", grouping, by_a) == "group by a"
    assert pointed("select array_agg(b order by b) from orders o group by c", grouping, by_a) is WHOLE
    window = node("WindowAgg", node("Sort", scan("orders", "o")))
    text = "select sum(b) over (partition by c), sum(b) over (order by a), a from orders o order by a"
    assert pointed(text, window, by_a) == "over (order by a)"
    merged = node("Merge Join", node("Sort", scan("orders", "o")), scan("customers", "c"))
    assert pointed("select 1 from orders o join customers c using (a) order by c.a", merged, by_a) is WHOLE


def test_offset_subquery_and_with_query():
    limit = node("Limit", scan("orders", "o"))
    at = InPlan(nodes=(0,), part=Part.OFFSET)
    assert pointed("select * from orders o limit 5 /* a */ offset\n :n rows", limit, at) == "offset\n :n rows"
    inner = node("Nested Loop", node("Limit", scan("orders", "o")), node("Limit", scan("orders", "o_1")))
    text = "select * from (select * from orders o offset 9) x, (select * from orders o limit 9) y"
    assert pointed(text, inner, InPlan(nodes=(1,), part=Part.OFFSET)) is WHOLE
    subplan = node("Seq Scan", scan("items", "i", **{"Parent Relationship": "SubPlan"}), **{"Relation Name": "orders", "Alias": "o"})
    text = "select id, (select count(*) from items i where i.order_id = o.id) as n from orders o"
    at = InPlan(nodes=(1,), part=Part.SUBQUERY)
    assert pointed(text, subplan, at) == "(select count(*) from items i where i.order_id = o.id)"
    cte = InPlan(nodes=(0,), part=Part.CTE, relation="Täglich")
    assert pointed('with a as (select 1), "Täglich" as (select 2) select 3', limit, cte) == '"Täglich"'
    twice = "with x as (select 1) select * from (with x as (select 2) select 3) y"
    assert pointed(twice, limit, InPlan(nodes=(0,), part=Part.CTE, relation="x")) is WHOLE


def test_what_nobody_wrote_leaves_the_statement():
    plan = scan("orders", "o")
    assert pointed("select 1 from orders o", plan, InPlan(nodes=(7,), part=Part.CONDITION)) is WHOLE
    assert pointed("values (1)", plan, OPEN) is WHOLE
    assert pointed("merge into orders o using c on true when matched then delete", plan, OPEN) == "orders o"
    assert pointed("select 1 from orders o where status = 'open' " + "and id > 0 " * 20_000, plan, OPEN) is WHOLE
    assert pointed("select 1 from orders o where status = 'open' " + "and id > 0 " * 15_000, plan, OPEN) == "orders o"
    assert pointed(f"select 1 from orders o where status in ('open'{', 1' * 10_000})", plan, OPEN).startswith("status in (")


WORDS = "select from where a b o o. orders , ( ) = 1 and or not in exists ( select with x as group by order by limit offset 3"
WORDS += " union all update set delete using join on left lateral case end over partition $1 ? :p 'x' \"O\" -- /* */ \n é"


@given(st.lists(st.sampled_from(WORDS.split(" ")), max_size=30), st.sampled_from(Part))
def test_no_text_is_too_odd(words, part):
    content = "select " + " ".join(words)
    plan = node("Limit", node("Sort", scan("orders", "o"), scan("orders", "o_1")))
    found = split(content, "a.sql")
    for number in range(4) if len(found) == 1 else ():
        at = InPlan(nodes=(number,), part=part, expressions=("(o.a = 1)", "(o.b = o_1.a)"), relation="x")
        marked = pointed(content, plan, at)
        assert marked is None or marked and marked in content
