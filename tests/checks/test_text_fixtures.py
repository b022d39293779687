"""The cases of fixtures that are the text of statements: `sql` instead of `facts`. No server is needed."""

import re

import pytest
from test_fixtures import assert_as_expected, cases, options_of

from dbaudit.facts import Facts
from dbaudit.facts.statement_text import StatementText
from dbaudit.finding import Unknown
from dbaudit.sources import sqlfile, sqltext


@pytest.mark.parametrize(("check", "case"), [case for case in cases("sql") if "ddl" not in case.values[1]])
def test_on_text_alone(check, case):
    statements = sqlfile.split(case["sql"], "case.sql")
    facts = Facts({StatementText: sqltext.read(statements)})
    verdicts = list(check.verdicts(facts, options_of(check, case)))
    assert_as_expected(case, verdicts)
    for finding in verdicts:
        assert isinstance(finding, Unknown) or not re.match(r"[A-Z][a-z]|.*\.$", finding.message)
