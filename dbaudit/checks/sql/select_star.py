"""A statement asks for all columns of a relation.

## What it does
Reports `*` and `t.*` in a SELECT or RETURNING list where they stand for the columns of a table, view or other relation.

## Why it matters
Every column is read, sent and decoded, the wide ones too, which may have to be fetched from TOAST and decompressed. An
index-only scan is impossible unless an index holds every column. A column that is added later changes the result of a
statement that nobody touched. What that costs depends on the table: it is worth knowing, so the severity is INFO.

## How it is found
In the text alone: no plan and no server is needed. Each star is a finding at its place in the file.
Quiet are count(*), EXISTS (SELECT * …), a star over a WITH query, a subselect, a function or VALUES, which name their
columns themselves (where one of these has a star over a relation, that inner star is the finding), `t.*` as the
argument of a function or a cast, and the definitions of views and tables: they fix their columns when made. The body of
a function or procedure in SQL is read; a star over the relation whose row type the function returns is quiet there.
A statement whose text is not understood is reported as not read. With a server the fix lists the columns.

## Example
    SELECT * FROM customers WHERE email = 'a@example.com';

## Instead
    SELECT id, name FROM customers WHERE email = 'a@example.com';

## When to ignore
When every column is really used and the code follows the table: a dump, an export, a copy into a twin of the table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from dbaudit.checks.registry import Verdicts, check
from dbaudit.checks.sql._schema import Schema, column_list, schema_facts
from dbaudit.facts import Facts
from dbaudit.facts.statement_text import SelectStar, StatementText
from dbaudit.finding import Finding, Fix, Severity, Subject, Unknown

if TYPE_CHECKING:
    from dbaudit.facts.column import Column

_SHOWN = 3


@check("SQL001", name="select-star", severity=Severity.INFO, needs=(StatementText,), uses=schema_facts)
def select_star(facts: Facts) -> Verdicts:
    schema = Schema.of(facts)
    for text in facts[StatementText]:
        if not text.is_read:
            yield Unknown(reason=f"{text.statement.label} is not read: {text.reason}")
            continue
        subject = Subject(kind="statement", name=text.statement.name or text.statement.identity)
        seen: Counter[str] = Counter()
        for star in text.select_stars:
            seen[star.text] += 1
            yield _finding(subject, star, seen[star.text], schema)


def _finding(subject: Subject, star: SelectStar, number: int, schema: Schema) -> Finding:
    columns = {name: schema.columns_of(name) for name in dict.fromkeys(star.relations)}
    known = sum(map(len, columns.values())) if all(columns.values()) else 0
    return Finding(
        code="SQL001",
        subject=subject,
        message=f"{star.text} asks for every column of {_listed(star.relations)}",
        severity=Severity.INFO,
        span=star.span,
        evidence={"column_count": known} if known else {},
        fixes=(Fix(title=_title(star, columns) if known else "name the columns that are used", applicability="manual"),),
        discriminator=star.text if number == 1 else f"{star.text}#{number}",
    )


def _title(star: SelectStar, columns: Mapping[str, tuple[Column, ...]]) -> str:
    """The columns themselves where the star is of one relation, else by relation: the text does not tell their aliases."""
    if len(columns) == 1:
        (of_one,) = columns.values()
        return f"list the columns that are used: {column_list(of_one, star.text[:-1].rstrip())}"
    return f"list the columns that are used; {'; '.join(f'{name} has {column_list(them)}' for name, them in columns.items())}"


def _listed(relations: tuple[str, ...]) -> str:
    names = list(dict.fromkeys(relations))
    if len(names) > _SHOWN:
        names = [*names[:_SHOWN], f"{len(names) - _SHOWN} more"]
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
