"""Statements to what their text says, from their tokens alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import islice
from typing import TypeVar

from dbaudit.facts.statement import Kind, Statement
from dbaudit.facts.statement_text import Category, SelectStar, Sighting, StatementText
from dbaudit.sources.sqlbody import ROUTINES, Body, body, with_arguments
from dbaudit.sources.sqlcategory import DML, QUERY, category_of, is_definition
from dbaudit.sources.sqlclauses import queries
from dbaudit.sources.sqlfile import distinct
from dbaudit.sources.sqllex import PUNCTUATION, WORD, Token, fold, significant
from dbaudit.sources.sqlpieces import NotRead, Pieces
from dbaudit.sources.sqlquery import Query
from dbaudit.sources.sqlsights import sightings
from dbaudit.sources.sqlstars import may_have_stars, select_stars

T = TypeVar("T")

_NOT_UNDERSTOOD = "its syntax is not understood"
# What wraps a query, and the word that the query comes after.
_WRAPPERS = {"EXPLAIN": "", "DECLARE": "FOR", "PREPARE": "AS"}
# The other statements that may hold a query, and those that hold none.
_WITH_QUERIES = frozenset([*_WRAPPERS, "COPY"])
_UTILITIES = frozenset(
    "ABORT ANALYZE BEGIN CALL CHECKPOINT CLOSE CLUSTER COMMIT DEALLOCATE DISCARD DO END EXECUTE FETCH LISTEN LOAD LOCK "
    "MOVE NOTIFY REASSIGN REFRESH RELEASE RESET ROLLBACK SAVEPOINT SET SHOW START UNLISTEN VACUUM".split()
) | {"REFRESH MATERIALIZED VIEW"}


def read(statements: Iterable[Statement]) -> tuple[StatementText, ...]:
    """What each statement says, in order; pieces of a file that are not SQL are left out. Never raises.

    Behind a function or procedure in SQL come the statements of its body.
    """
    own = [statement for statement in statements if statement.kind is Kind.SQL]
    bodies = {place: found for place, one in enumerate(own) if one.command in ROUTINES and (found := _body(one))}
    inner = iter(distinct([*own, *(one for found in bodies.values() for one in found.statements)])[len(own) :])
    texts: list[StatementText] = []
    for place, statement in enumerate(own):
        has_unread_body = statement.command == "DO" or statement.command in ROUTINES and place not in bodies
        text = _read(statement)
        texts.append(replace(text, has_unread_body=True) if has_unread_body else text)
        if place in bodies:
            texts += [_read_in(bodies[place], one) for one in islice(inner, len(bodies[place].statements))]
    return tuple(texts)


def _body(statement: Statement) -> Body | None:
    try:
        return body(statement)
    except Exception:
        # As for all that is not understood: one statement must not end the audit of the others.
        return None


def _read_in(outer: Body, statement: Statement) -> StatementText:
    """A statement of a body: the names of arguments are its parameters, and a star that is the row type returned is meant."""
    text = _read(statement, outer.arguments)
    row_type = _last_part(outer.returns)
    kept = tuple(star for star in text.select_stars if [_last_part(name) for name in star.relations] != [row_type])
    return replace(text, select_stars=kept) if len(kept) < len(text.select_stars) else text


def _last_part(name: str) -> str:
    return fold(name.rpartition(".")[2])


def _read(statement: Statement, arguments: frozenset[str] = frozenset()) -> StatementText:
    if is_definition(statement.command):
        return StatementText(statement=statement, category=Category.DDL, is_read=True)
    found = significant(statement.text)
    category = category_of(statement, found)
    if arguments:
        found = with_arguments(statement.text, found, arguments)
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
            if not awaited and (word in DML or word in QUERY or word == "WITH"):
                return token.start
            if not awaited and word in ("CREATE", "REFRESH"):
                return None
            awaited = "" if word == awaited else awaited
    return 0
