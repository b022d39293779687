"""OR combines conditions on different columns.

## What it does
Reports a join whose condition is an OR, and a WHERE clause that is nothing but an OR over different columns of one
relation.

## Why it matters
A join by an OR cannot be a hash or merge join: it compares each row with each row, unless indexes serve every branch.
A filter by an OR needs an index for each of its columns, or the whole table is read.

## How it is found
In the text. A bitmap of several indexes may serve a filter well, hence INFO and low confidence; for a join WARNING. With a
server a filter is quiet where each column leads an index, and the columns that lead none are named. Quiet where another condition beside the OR narrows the rows, and for `$1 IS NULL OR column = $1`. Where `dbaudit explain` has
the plan of the statement, the plan speaks.

## Example
    SELECT o.id FROM orders AS o JOIN people AS p ON p.id = o.buyer_id OR p.id = o.seller_id;

## Instead
    SELECT o.id FROM orders AS o JOIN people AS p ON p.id = o.buyer_id
    UNION
    SELECT o.id FROM orders AS o JOIN people AS p ON p.id = o.seller_id;
UNION also drops true duplicates: keep a key in the list where these matter.

## When to ignore
When each column has an index of its own, or the tables are small.
"""

from __future__ import annotations

from dbaudit.checks._words import listed
from dbaudit.checks.registry import Verdicts, check
from dbaudit.checks.sql._schema import Schema, schema_facts
from dbaudit.checks.sql._sightings import Look, finding, looks
from dbaudit.facts import Facts
from dbaudit.facts.statement_text import Sight, StatementText
from dbaudit.finding import Confidence, Finding, Severity, Unknown


@check("SQL017", name="or-across-columns", severity=Severity.INFO, needs=(StatementText,), uses=schema_facts)
def or_across_columns(facts: Facts) -> Verdicts:
    schema = Schema.of(facts)
    for look in looks(facts, Sight.OR_IN_FILTER, Sight.OR_IN_JOIN, unless_planned=True):
        if isinstance(look, Unknown):
            yield look
        elif (bare := _without_index(schema, look)) is None or bare:
            yield _finding(look, bare or ())


def _without_index(schema: Schema, look: Look) -> tuple[str, ...] | None:
    """The columns under OR that lead no index, quoted; None where the schema does not tell."""
    for read in look.sighting.reads:
        columns = [schema.column(read.relation, name) for name in read.columns]
        indexes = schema.indexes_of(read.relation)
        if indexes is not None and all(columns):
            led = {index.key_columns[0] for index in indexes}
            return tuple(column.quoted for column in columns if column and column.name not in led)
    return None


def _finding(look: Look, bare: tuple[str, ...]) -> Finding:
    if look.sighting.sight is Sight.OR_IN_JOIN:
        return finding(
            "SQL017",
            look,
            "the join is by an OR, which no hash or merge join can do",
            Severity.WARNING,
            "join once for each of the conditions, and combine the results by UNION",
            confidence=Confidence.MEDIUM,
        )
    return finding(
        "SQL017",
        look,
        f"the filter is an OR over {listed(look.sighting.names)}: it needs an index for each of them"
        + (f", and there is none for {listed(bare)}" if bare else ""),
        Severity.INFO,
        f"create an index for {listed(bare)}" if bare else "make sure that each of the columns has an index",
        confidence=Confidence.MEDIUM if bare else Confidence.LOW,
    )
