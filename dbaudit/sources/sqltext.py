"""Statements to what their text says, from their tokens alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from dbaudit.facts.statement import Kind, Statement
from dbaudit.facts.statement_text import Category, SelectStar, Sighting, StatementText
from dbaudit.sources.sqlclauses import queries
from dbaudit.sources.sqllex import COMMENT, PUNCTUATION, SPACE, WORD, Token, tokens
from dbaudit.sources.sqlpieces import NotRead, Pieces
from dbaudit.sources.sqlquery import Query
from dbaudit.sources.sqlsights import sightings
from dbaudit.sources.sqlstars import may_have_stars, select_stars

T = TypeVar("T")

_NOT_UNDERSTOOD = "its syntax is not understood"
_DML = frozenset(["INSERT", "UPDATE", "DELETE", "MERGE"])
_QUERY = frozenset(["SELECT", "VALUES", "TABLE"])
_DDL = ("CREATE", "ALTER", "DROP", "COMMENT", "GRANT", "REVOKE", "TRUNCATE", "REINDEX", "SECURITY", "IMPORT")
# What wraps a query, and the word that the query comes after.
_WRAPPERS = {"EXPLAIN": "", "DECLARE": "FOR", "PREPARE": "AS"}
# The other statements that may hold a query, and those that hold none.
_WITH_QUERIES = frozenset([*_WRAPPERS, "COPY"])
_UTILITIES = frozenset(
    "ABORT ANALYZE BEGIN CALL CHECKPOINT CLOSE CLUSTER COMMIT DEALLOCATE DISCARD DO END EXECUTE FETCH LISTEN LOAD LOCK "
    "MOVE NOTIFY REASSIGN REFRESH RELEASE RESET ROLLBACK SAVEPOINT SET SHOW START UNLISTEN VACUUM".split()
) | {"REFRESH MATERIALIZED VIEW"}


def read(statements: Iterable[Statement]) -> tuple[StatementText, ...]:
    """What each statement says, in order; pieces of a file that are not SQL are left out. Never raises."""
    return tuple(_read(statement) for statement in statements if statement.kind is Kind.SQL)


def _read(statement: Statement) -> StatementText:
    category = _category(statement)
    if category is Category.DDL:
        return StatementText(statement=statement, category=category, is_read=True)
    found = [token for token in tokens(statement.text) if token.kind not in (SPACE, COMMENT)]
    may_have = may_have_stars(statement.text, found)
    pieces, its_queries, unseen = _queries(statement, category, found)
    seen: tuple[Sighting, ...] = ()
    stars: tuple[SelectStar, ...] = ()
    reason = unseen if may_have else ""
    if its_queries:
        seen, unseen = _tried(sightings, statement, pieces, its_queries)
    if may_have and not reason:
        stars, reason = _tried(select_stars, statement, pieces, its_queries)
    return StatementText(
        statement=statement,
        category=category,
        is_read=not reason,
        reason=reason,
        select_stars=stars,
        sightings=seen,
        unseen=unseen,
    )


def _queries(statement: Statement, category: Category, found: list[Token]) -> tuple[Pieces, list[Query], str]:
    """A statement's pieces and its queries, or why these are not known."""
    nothing = Pieces("", ())
    if category is Category.OTHER and statement.command not in _WITH_QUERIES:
        return nothing, [], _why_no_statement(statement)
    start = start_of_query(statement, found)
    if start is None:
        return nothing, [], ""

    def its_queries() -> tuple[Pieces, list[Query]]:
        pieces = Pieces(statement.text, found)
        return pieces, queries(pieces, next((place for place, offset in enumerate(pieces.starts) if offset >= start), 0))

    done, reason = _tried(its_queries)
    return (*(done or (nothing, [])), reason)


def _tried(reader: Callable[..., T], *arguments: object) -> tuple[T | tuple[()], str]:
    """What a reader returns, or nothing and why not."""
    try:
        return reader(*arguments), ""
    except NotRead as reason:
        return (), str(reason)
    except RecursionError:
        return (), "it is nested too deeply"
    except Exception:
        # The text may be anything at all, and one statement of it must not end the audit of the others.
        return (), _NOT_UNDERSTOOD


def _why_no_statement(statement: Statement) -> str:
    if statement.command in _UTILITIES:
        return ""
    first = statement.text.split(None, 1)[:1]
    return f"it begins with {first[0][:30]}, as no statement of PostgreSQL does" if first else "it is empty"


def _category(statement: Statement) -> Category:
    command = statement.command
    if command in _QUERY:
        return Category.SELECT
    if command in _DML:
        return Category.DML
    if command.startswith(_DDL):
        return Category.DDL
    if command == "WITH":
        return _category_of_with(statement.text)
    return Category.OTHER


def _category_of_with(text: str) -> Category:
    depth = 0
    for token in tokens(text):
        word = text[token.start : token.end]
        if token.kind == PUNCTUATION:
            depth += {"(": 1, ")": -1}.get(word, 0)
        elif token.kind == WORD and not depth:
            if word.upper() in _DML:
                return Category.DML
            if word.upper() in _QUERY:
                return Category.SELECT
    return Category.SELECT


def start_of_query(statement: Statement, found: list[Token]) -> int | None:
    """Where the query begins that EXPLAIN, DECLARE … FOR or PREPARE … AS is about; 0 for any other statement.

    None where EXPLAIN is about a definition.
    """
    if statement.command not in _WRAPPERS:
        return 0
    awaited, depth = _WRAPPERS[statement.command], 0
    for token in found:
        word = statement.text[token.start : token.end].upper()
        if token.kind == PUNCTUATION:
            depth += {"(": 1, ")": -1}.get(word, 0)
        elif token.kind == WORD and not depth:
            if not awaited and (word in _DML or word in _QUERY or word == "WITH"):
                return token.start
            if not awaited and word in ("CREATE", "REFRESH"):
                return None
            awaited = "" if word == awaited else awaited
    return 0
