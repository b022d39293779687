"""SQL001, `select-star`, against PostgreSQL's own parser, on SQL that others wrote.

    npm install --prefix peers libpg-query
    python benchmarks/select_star.py --peers peers FOLDER...

Each folder is a corpus: its *.sql files. Prints a table in Markdown with the precision and recall of each, and every
star that was missed or seen wrongly. A star in a statement that is reported as not read counts as missed. Statements
that PostgreSQL does not parse are left out and counted.

The truth is libpg_query, PostgreSQL's parser as a library, from npm: its licence is MIT, that of pglast on PyPI is the GPL.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tree_stars import Tree, stars

from dbaudit.errors import AuditError
from dbaudit.facts.statement import Kind, Statement
from dbaudit.facts.statement_text import StatementText
from dbaudit.sources import sqlfile, sqltext

PARSER = Path(__file__).with_name("raw_parser.mjs")


@dataclass(slots=True)
class Score:
    """What was found in a corpus; `wrong` are lines for the reader."""

    statements: int = 0
    refused: int = 0
    merged: int = 0
    not_read: int = 0
    right: int = 0
    missed: int = 0
    false: int = 0
    wrong: list[str] = field(default_factory=list)

    def row(self, name: str) -> str:
        seen, there = self.right + self.false, self.right + self.missed
        precision = f"{self.right / seen:.4f}" if seen else "none seen"
        recall = f"{self.right / there:.4f}" if there else "none there"
        return (
            f"| {name} | {self.statements:,} | {self.refused:,} | {self.merged} | {self.not_read:,} | {there:,} "
            f"| {precision} | {recall} |"
        )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--peers", default="peers", help="the folder that libpg-query is installed in")
    options.add_argument("--show", action="store_true", help="show the statements that PostgreSQL does not parse")
    options.add_argument("folders", nargs="+")
    given = options.parse_args()
    print("| corpus | statements | not parsed by PostgreSQL | of several | not read | stars | precision | recall |")
    print("|---|---|---|---|---|---|---|---|")
    for folder in given.folders:
        score = _score(Path(folder), Path(given.peers).resolve(), show=given.show)
        print(score.row(Path(folder).name), flush=True)
        for line in score.wrong:
            print(f"  {line}", file=sys.stderr)


def _score(folder: Path, peers: Path, *, show: bool) -> Score:
    statements = [piece for piece in _pieces(folder) if piece.kind is Kind.SQL]
    score = Score(statements=len(statements))
    for statement, text, answer in zip(statements, sqltext.read(statements), _parsed(statements, peers), strict=True):
        if "error" in answer:
            score.refused += 1
            if show:
                score.wrong.append(f"{statement.label}: {answer['error']}: {statement.text[:150]!r}")
        elif len(answer["stmts"]) != 1:
            score.merged += 1
            score.wrong.append(f"{statement.label}: is {len(answer['stmts'])} statements: {statement.text[:80]!r}")
        else:
            _compare(score, statement, text, answer["stmts"][0]["stmt"])
    return score


def _compare(score: Score, statement: Statement, text: StatementText, tree: Tree) -> None:
    score.not_read += not text.is_read
    sent = statement.sent.encode()
    places = [statement.place(len(sent[:offset].decode()) + 1) for offset in stars(tree)]
    there = {(place.line, place.column) for place in places}
    seen = {(star.span.line, star.span.column) for star in text.select_stars}
    score.right += len(there & seen)
    score.missed += len(there - seen)
    score.false += len(seen - there)
    for word, which in (("missed", there - seen), ("false", seen - there)):
        for line, column in sorted(which):
            reason = f" ({text.reason})" if text.reason else ""
            score.wrong.append(f"{word}{reason} {statement.span.path}:{line}:{column}: {' '.join(statement.text.split())[:160]}")


def _pieces(folder: Path) -> Iterator[Statement]:
    for path in sorted(folder.rglob("*.sql")):
        try:
            yield from sqlfile.read(str(path))
        except AuditError as error:
            print(f"  {error}", file=sys.stderr)


def _parsed(statements: Iterable[Statement], peers: Path) -> list[dict]:
    lines = "".join(json.dumps(statement.sent) + "\n" for statement in statements)
    command = ["node", str(PARSER), str(peers)]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr[-500:] or "node failed")
    return [json.loads(line) for line in done.stdout.splitlines()]


if __name__ == "__main__":
    main()
