"""PostgreSQL's own regression tests, statement by statement before PostgreSQL's own parser: it agrees where each ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbaudit.facts.statement import Kind
from dbaudit.sources import sqlfile

FOLDER = Path(__file__).parents[2] / "fixtures" / "postgres_regress"
# The syntax errors that the files have on purpose; one that splitting made would come on top.
ON_PURPOSE = {
    "comments": 0, "copy2": 0, "copyselect": 2, "create_function_sql": 0, "create_procedure": 0, "errors": 41,
    "numerology": 27, "psql": 15, "psql_pipeline": 0, "returning": 1, "rules": 0, "sqljson_jsontable": 3, "strings": 10,
    "with": 2,
}  # fmt: skip


@pytest.mark.parametrize("name", ON_PURPOSE)
def test_postgresql_takes_each_statement_for_one(newest, name):
    parser = newest.admin.pgconn
    refused = []
    for piece in sqlfile.read(str(FOLDER / f"{name}.sql")):
        if piece.kind is Kind.SQL and not piece.reason_not_sql:
            said = (parser.prepare(b"", piece.sent.encode()).error_message or b"").decode()
            assert "multiple commands" not in said, piece.text
            if " at or near " in said or " at end of input" in said or "nterminated" in said:
                refused.append((piece.span.line, piece.text))
    assert len(refused) == ON_PURPOSE[name], refused
