"""The cases of fixtures that are the text of statements: `sql` instead of `facts`. No server is needed."""

import pytest
from test_fixtures import assert_as_expected, cases, options_of

from dbaudit.facts import Facts
from dbaudit.facts.statement_text import StatementText
from dbaudit.sources import sqlfile, sqltext


@pytest.mark.parametrize(("check", "case"), cases("sql"))
def test_on_text_alone(check, case):
    statements = sqlfile.split(case["sql"], "case.sql")
    facts = Facts({StatementText: sqltext.read(statements)})
    assert_as_expected(case, list(check.verdicts(facts, options_of(check, case))))
