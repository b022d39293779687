"""200 statements of an application: the demo shop's own, over and over."""

from __future__ import annotations

from itertools import cycle, islice
from pathlib import Path

from dbaudit.lab.shop import fixture_directory
from dbaudit.sources import sqlfile


def write_statements(path: Path, count: int = 200) -> None:
    """Writes `count` statements of queries.sql, without those that have parameters: a bare EXPLAIN cannot plan these."""
    statements = sqlfile.read(str(fixture_directory() / "queries.sql"))
    plannable = [statement.text for statement in statements if "$1" not in statement.text]
    path.write_text("".join(f"{text};\n" for text in islice(cycle(plannable), count)))
