"""What the catalogs say of the relations that statements read, and by that the statements that may take their place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.resources import files

from dbaudit.facts.rewrite import Rewrite
from dbaudit.facts.statement import Statement
from dbaudit.sources.postgres.session import Session
from dbaudit.sources.postgres.volatility import Volatility
from dbaudit.sources.rewrites import Relation, relations_named, rewrites

# to_regclass raises an error for what is no name.
_NAME = re.compile(r'(?:(?:"(?:[^"]|"")+"|[A-Za-z_][\w$]*)\.)?(?:"(?:[^"]|"")+"|[A-Za-z_][\w$]*)')


def read_rewrites(session: Session, statements: Sequence[Statement]) -> tuple[Rewrite, ...]:
    """Each way to write one of the statements otherwise that returns the same rows.

    A name means what the session's search_path makes of it, as in the statement. Raises psycopg.Error where the server
    refuses, ServerGone where it is lost.
    """
    names = sorted(name for name in relations_named(statements) if _NAME.fullmatch(name))
    if not names:
        return ()
    text = files(__package__).joinpath("queries/rewritten_relation.sql").read_text("utf-8")
    relations = {
        name: Relation(
            types=dict(zip(columns, types)),
            not_null=frozenset(column for column, never_null in zip(columns, not_null) if never_null),
            keys=tuple(map(tuple, keys)),
        )
        for name, columns, types, not_null, keys in session.rows(text, [names])
        if columns
    }
    found = [rewrite for statement in statements for rewrite in rewrites(statement, relations)]
    volatility = Volatility(session)
    # What acts, an operator of somebody's perhaps, may not be evaluated less often.
    acting = {each.identity for each in found if volatility.reason_in_text(each.statement.sent)}
    return tuple(rewrite for rewrite in found if rewrite.identity not in acting)
