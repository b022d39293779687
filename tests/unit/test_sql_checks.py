"""The checks of text: what a plan or a schema that is known changes, and what makes a finding the same one tomorrow."""

import pytest

from dbaudit.checks.registry import all_checks
from dbaudit.facts import Facts
from dbaudit.facts.column import Column
from dbaudit.facts.plan import plan_from_json
from dbaudit.facts.relation import Relation, SearchPath
from dbaudit.facts.statement import Explained, How
from dbaudit.facts.statement_text import StatementText
from dbaudit.finding import Finding, Unknown
from dbaudit.sources.sqlfile import distinct, split
from dbaudit.sources.sqltext import read

CHECKS = {check.code: check for check in all_checks("SQL")}
OF_TEXT = [check for check in CHECKS.values() if check.needs == (StatementText,)]
PLAN = plan_from_json(
    {"Plan": {"Node Type": "Result", "Startup Cost": 0.0, "Total Cost": 1.0, "Plan Rows": 1, "Plan Width": 1}}
)


def facts_of(sql: str, path: str = "f.sql", how: How = How.NOT_RUN) -> Facts:
    statements = split(sql, path)
    explained = [
        Explained(statement=statement, how=how, plan=PLAN if how is How.PLANNED else None) for statement in statements
    ]
    return Facts({StatementText: read(statements), Explained: tuple(explained)})


def findings(code: str, facts: Facts) -> list[Finding]:
    return [verdict for verdict in CHECKS[code].verdicts(facts) if isinstance(verdict, Finding)]


@pytest.mark.parametrize(
    ("code", "condition"),
    [
        ("SQL003", "where a like '%x'"),
        ("SQL004", "where lower(a) = 'x'"),
        ("SQL006", "order by a offset 5000"),
        ("SQL017", "where a = 1 or b = 2"),
    ],
)
def test_where_the_plan_is_known_the_plan_speaks(code, condition):
    sql = f"select a from t {condition}"
    assert len(findings(code, facts_of(sql))) == 1
    assert findings(code, facts_of(sql, how=How.PLANNED)) == []


@pytest.mark.parametrize(
    ("code", "sql"),
    [
        ("SQL006", "select a from t order by a offset $1"),
        ("SQL012", "select a from t where b = null"),
        ("SQL005", "select a from t where b not in (select c from u)"),
    ],
)
def test_what_no_plan_tells_is_told_beside_it(code, sql):
    assert len(findings(code, facts_of(sql, how=How.PLANNED))) == 1


def column(name: str, table: str, *, is_nullable: bool, schema: str = "public") -> Column:
    return Column(
        table_oid=1, schema=schema, table=table, name=name, quoted=name, number=1, type="int", base_type="int",
        has_c_collation=True, is_nullable=is_nullable, null_fraction=None, distinct_count=None,
        average_width_bytes=None, correlation=None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ([column("c", "u", is_nullable=False)], 0),
        ([column("c", "u", is_nullable=True)], 1),
        ([column("c", "other", is_nullable=False)], 1),
        ([column("c", "u", is_nullable=False, schema="a"), column("c", "u", is_nullable=False, schema="b")], 1),
        ([column("c", "u", is_nullable=True, schema="a"), column("c", "u", is_nullable=False)], 0),
    ],
)
def test_a_column_that_the_server_knows_as_not_null_is_none_to_worry_about(columns, expected):
    relations = tuple(Relation(schema=each.schema, name=each.table, kind="r") for each in columns)
    schema = Facts({Column: tuple(columns), Relation: relations, SearchPath: (SearchPath(schemas=("public",)),)})
    facts = facts_of("select a from t where b not in (select c from u)").merged(schema)
    assert len(findings("SQL005", facts)) == expected


def test_a_finding_is_the_same_one_in_another_file_and_place_and_two_in_a_statement_are_two():
    sql = "select a from t where a = null and b = null"
    before = findings("SQL012", facts_of(sql))
    after = findings("SQL012", facts_of(f"-- moved\nselect 1;\n\n{sql}", "g.sql"))
    assert [one.fingerprint for one in before] == [one.fingerprint for one in after]
    assert len({one.fingerprint for one in before}) == 2


def test_a_named_statement_beside_definitions_is_the_application_s():
    sql = "create table t (a int);\n{}delete from t;"
    assert [str(one.severity) for one in findings("SQL002", facts_of(sql.format("")))] == ["info"]
    assert [str(one.severity) for one in findings("SQL002", facts_of(sql.format("-- name: clear\n")))] == ["warning"]


def test_a_run_of_inserts_reaches_from_the_first_to_the_last_and_not_into_another_file():
    row = "insert into t (a) values (1);\n"
    (finding,) = findings("SQL016", facts_of("select 1;\n" + row * 12))
    assert (finding.span.line, finding.span.end_line) == (2, 13)
    assert finding.evidence == {"statement_count": 12}
    both = distinct([*split(row * 6, "f.sql"), *split(row * 6, "g.sql")])
    assert findings("SQL016", Facts({StatementText: read(both)})) == []


@pytest.mark.parametrize("check", OF_TEXT, ids=lambda check: check.name)
def test_no_check_calls_clean_what_is_not_read(check):
    verdicts = list(check.verdicts(facts_of("select t.* from {{ t }} where")))
    assert [type(verdict) for verdict in verdicts] == [Unknown]
