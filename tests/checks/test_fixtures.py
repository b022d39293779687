"""Every check against its fixture: the cases that must fire, the cases that must stay quiet, and the fixes.

A case has either `facts` (offline) or `ddl` (on real servers), and `fires`: what must be found, as
"severity kind name" or "severity kind name column"; an empty list is silence. `unknown: true` says that the check must
answer that it cannot tell. `options` are thresholds in place of the check's own. `pg: ">= 15"` limits the majors. A
`{fails: …}` among the statements of `ddl` is one that the server must refuse. `explain` is a statement whose plan is
audited, `analyze: false` has it only planned; `sql` is one whose text is audited with the schema. Where a finding of a `ddl` case has a fix with statements, the fix is
applied and the check must then be quiet, and after the undo it must fire again; `fix: false` leaves that out.
"""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
import yaml
from majors import concerned

from dbaudit.checks.registry import Check, all_checks
from dbaudit.facts import Facts, codec
from dbaudit.facts.statement_text import StatementText
from dbaudit.finding import Finding, Unknown
from dbaudit.sources import sqltext
from dbaudit.sources.postgres.collect import collect
from dbaudit.sources.postgres.plan_facts import explained_facts
from dbaudit.sources.postgres.schema_facts import schema_facts
from dbaudit.sources.sqlfile import split

FIXTURES = Path(__file__).parents[2] / "fixtures" / "checks"
CHECKS = {check.name: check for check in all_checks()}


def cases(kind: str) -> list:
    return [
        pytest.param(CHECKS[path.stem], case, id=f"{path.stem}: {case['name']}")
        for path in sorted(FIXTURES.glob("*.yaml"))
        for case in yaml.safe_load(path.read_text())["cases"]
        if kind in case
    ]


def cases_on_servers() -> list:
    return [
        pytest.param(*case.values, major, id=f"{case.id} pg{major}")
        for case in cases("ddl")
        for major in concerned(case.values[1].get("pg", ">= 14"))
    ]


def found(verdicts: list) -> list[str]:
    return sorted(
        f"{finding.severity} {finding.subject.kind} {finding.subject.name} {finding.subject.column}".rstrip()
        for finding in verdicts
        if isinstance(finding, Finding)
    )


def assert_as_expected(case: dict, verdicts: list) -> None:
    assert found(verdicts) == sorted(case["fires"])
    assert any(isinstance(verdict, Unknown) for verdict in verdicts) == case.get("unknown", False)


@pytest.mark.parametrize("check", CHECKS.values(), ids=lambda check: check.name)
def test_every_check_has_cases_that_fire_and_cases_that_stay_quiet(check: Check) -> None:
    outcomes = [bool(case["fires"]) for case in yaml.safe_load((FIXTURES / f"{check.name}.yaml").read_text())["cases"]]
    assert True in outcomes and False in outcomes


@pytest.mark.parametrize(("check", "case"), cases("facts"))
def test_offline(check: Check, case: dict) -> None:
    assert_as_expected(case, list(check.verdicts(codec.from_json(case["facts"]), options_of(check, case))))


@pytest.mark.parametrize(("check", "case", "database"), cases_on_servers(), indirect=["database"])
def test_on_a_real_server(check: Check, case: dict, database) -> None:
    for statement in as_list(case["ddl"]):
        run(statement, database)
    verdicts = ask(check, case, database)
    assert_as_expected(case, verdicts)
    if case.get("fix", True):
        assert_fixes_hold(check, case, database, verdicts)


def run(statement: str | dict, database) -> None:
    if isinstance(statement, str):
        database.run(statement)
        return
    with pytest.raises(psycopg.Error):
        database.run(statement["fails"])


def assert_fixes_hold(check: Check, case: dict, database, verdicts: list) -> None:
    for finding in verdicts:
        if not (isinstance(finding, Finding) and finding.fixes and finding.fixes[0].statements):
            continue
        fix = finding.fixes[0]
        database.run(*fix.statements)
        assert finding.fingerprint not in fingerprints(ask(check, case, database)), f"not mended by {fix.statements}"
        if fix.undo:
            database.run(*fix.undo)
            assert finding.fingerprint in fingerprints(ask(check, case, database)), f"not brought back by {fix.undo}"


def fingerprints(verdicts: list) -> set[str]:
    return {finding.fingerprint for finding in verdicts if isinstance(finding, Finding)}


def ask(check: Check, case: dict, database) -> list:
    session = database.session()
    try:
        return list(check.verdicts(facts_for(check, case, session), options_of(check, case)))
    finally:
        session.close()


def facts_for(check: Check, case: dict, session) -> Facts:
    if "sql" in case:
        texts = sqltext.read(split(case["sql"], "case.sql"))
        return schema_facts(session, texts).merged(Facts({StatementText: texts}))
    if "explain" not in case:
        return collect(session, check.needs)
    statements = [statement for text in as_list(case["explain"]) for statement in split(text, "case.sql")]
    return explained_facts(session, statements, analyze=case.get("analyze", True))


def options_of(check: Check, case: dict) -> object:
    return check.options(**case["options"]) if "options" in case else None


def as_list(value: str | dict | list) -> list:
    """A text, or the texts of a list; a list in it, such as a YAML alias of another case's, is part of it."""
    return [value] if isinstance(value, str | dict) else [text for item in value for text in as_list(item)]
