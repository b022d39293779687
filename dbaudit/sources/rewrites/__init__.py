"""Statements rewritten by edits of their own text, where the text and the catalogs prove that the rows stay the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice

from dbaudit.facts.rewrite import Rewrite
from dbaudit.facts.statement import Kind, Statement
from dbaudit.sources.rewrites.count import counts
from dbaudit.sources.rewrites.either import eithers
from dbaudit.sources.rewrites.found import Found
from dbaudit.sources.rewrites.keyset import keysets
from dbaudit.sources.rewrites.not_in import not_ins
from dbaudit.sources.rewrites.ranges import ranges
from dbaudit.sources.rewrites.relation import Relation, Relations
from dbaudit.sources.rewrites.text import edited
from dbaudit.sources.sqlclauses import queries
from dbaudit.sources.sqllex import COMMENT, SPACE, tokens
from dbaudit.sources.sqlpieces import Pieces
from dbaudit.sources.sqlquery import Query

__all__ = ["Relation", "Relations", "relations_named", "rewrites"]

_COMMANDS = ("SELECT", "WITH")
_CHANGES = frozenset(["insert", "update", "delete", "merge"])
# What is longer was written by a program.
_LONGEST = 100_000
# Of a statement that could be changed at more places than these nobody reads each.
_MOST = 20


def relations_named(statements: Iterable[Statement]) -> set[str]:
    """The relations that these statements read, as they write them."""
    return {
        source.name
        for statement in statements
        for query in _read(statement)[1]
        for source in query.sources
        if source.kind == "relation"
    }


def rewrites(statement: Statement, relations: Relations) -> tuple[Rewrite, ...]:
    """Each way to write the statement otherwise that returns the same rows, whatever they are. One change at a time.

    Never raises.
    """
    try:
        return tuple(_rewrites(statement, relations))
    except Exception:
        # The text may be anything at all, and one statement of it must not end the audit of the others.
        return ()


def _rewrites(statement: Statement, relations: Relations) -> Iterator[Rewrite]:
    pieces, found = _read(statement)
    if pieces is None:
        return
    ways: Iterable[Found] = chain(
        counts(pieces, found, relations),
        not_ins(pieces, found, relations),
        keysets(statement, pieces, found, relations),
        ranges(statement, pieces, found, relations),
        eithers(statement, pieces, found, relations),
    )
    for way in islice(ways, _MOST):
        changed = edited(statement, way.edits)
        if not changed.is_ambiguous and not changed.reason_not_sql:
            yield Rewrite(
                identity=statement.identity,
                sight=way.sight,
                span=statement.extent(pieces.starts[way.start], pieces.ends[way.end - 1]),
                statement=changed,
                column=way.column,
                remark=way.remark,
            )


def _read(statement: Statement) -> tuple[Pieces | None, list[Query]]:
    """The pieces of a statement that only reads, and its queries; none where its text leaves a doubt."""
    is_query = statement.kind is Kind.SQL and statement.command in _COMMANDS and not statement.reason_not_sql
    if not is_query or statement.is_ambiguous or len(statement.text) > _LONGEST:
        return None, []
    try:
        pieces = Pieces(statement.text, [token for token in tokens(statement.text) if token.kind not in (SPACE, COMMENT)])
        found = queries(pieces)
    except Exception:
        # The text may be anything at all: what is not understood is not rewritten.
        return None, []
    return (None, []) if any(query.verb in _CHANGES for query in found) else (pieces, found)
