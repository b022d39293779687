"""A join by an OR to one join for each of its branches, which can be hashed.

Each pair of rows for which the OR is true comes from the first branch that is true for it, and from no later one, as
those leave out what an earlier one is true for: duplicates stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbaudit.facts.statement import Edit, Statement
from dbaudit.facts.statement_text import Sight
from dbaudit.sources.rewrites.found import Found
from dbaudit.sources.rewrites.relation import Relations, relation_at
from dbaudit.sources.rewrites.text import POSITIONAL, is_repeatable, written
from dbaudit.sources.sqllex import PARAMETER
from dbaudit.sources.sqlpieces import Pieces
from dbaudit.sources.sqlquery import Query
from dbaudit.sources.sqlterms import Range, columns, conjuncts, disjuncts

_CLAUSES = frozenset(["select", "from", "where"])
_NOT_INNER = frozenset(["left", "right", "full", "lateral", "natural", "using"])
_MOST_BRANCHES = 3


def eithers(statement: Statement, pieces: Pieces, queries: Sequence[Query], relations: Relations) -> Iterator[Found]:
    """The statement with its one join by an OR written as UNION ALL."""
    if len(queries) != 1 or not _is_plain(pieces, queries[0], relations):
        return
    joins = [(join, terms) for join in queries[0].joins if (terms := _linking(pieces, *join))]
    if len(joins) != 1:
        return
    (start, end), terms = joins[0]
    before, after = statement.text[: pieces.starts[start]], statement.text[pieces.ends[end - 1] :]
    branches = [f"{before}{_branch(pieces, terms, number)}{after}" for number in range(len(terms))]
    edit = Edit(start=0, end=len(statement.text), text="\nUNION ALL\n".join(branches))
    yield Found(sight=Sight.OR_IN_JOIN, start=start, end=end, edits=(edit,))


def _is_plain(pieces: Pieces, query: Query, relations: Relations) -> bool:
    """Whether the query only selects from tables that are joined, row by row, and may be written twice."""
    if query.verb != "select" or query.start or not set(query.clauses) <= _CLAUSES or "from" not in query.clauses:
        return False
    if any(relation_at(pieces, source, relations) is None for source in query.sources):
        return False
    words = pieces.words
    if words[query.clauses["select"][0]] in ("distinct", "all") or "count" in words:
        return False
    if any(words[place] in _NOT_INNER for place in range(*query.clauses["from"])):
        return False
    values = [written(pieces, place, place + 1) for place, kind in enumerate(pieces.kinds) if kind == PARAMETER]
    return not set(values) & POSITIONAL and is_repeatable(pieces, query.start, query.end)


def _linking(pieces: Pieces, start: int, end: int) -> list[Range]:
    """The branches of an OR that each compare two relations; none where the condition is anything else."""
    terms = disjuncts(pieces, start, end)
    if not 2 <= len(terms) <= _MOST_BRANCHES or len(conjuncts(pieces, start, end)) != 1:
        return []
    linking = [term for term in terms if len({column.qualifier for column in columns(pieces, *term)} - {""}) > 1]
    return terms if len(linking) == len(terms) else []


def _branch(pieces: Pieces, terms: Sequence[Range], number: int) -> str:
    own, *earlier = [written(pieces, *terms[place]) for place in (number, *range(number))]
    return " AND ".join([f"({own})", *(f"({text}) IS NOT TRUE" for text in earlier)]) if earlier else own
