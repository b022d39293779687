"""OFFSET to a page that begins behind the last row of the page before.

Where the sort columns are NOT NULL and a key is among them, each row has its own place in the order, and the rows behind
the last one seen are just those that OFFSET would come to, as long as nobody writes between the two pages. Where no key
is among them the primary key is put behind: rows that are alike had no order between them before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dbaudit.facts.statement import Edit, Statement
from dbaudit.facts.statement_text import Sight
from dbaudit.sources.rewrites.found import Found
from dbaudit.sources.rewrites.relation import Relation, Relations, relation_at
from dbaudit.sources.rewrites.text import POSITIONAL, is_repeatable, quoted, written
from dbaudit.sources.sqllex import NUMBER, PARAMETER
from dbaudit.sources.sqlpieces import Pieces
from dbaudit.sources.sqlquery import Query, Role
from dbaudit.sources.sqlterms import Reference, is_bare_column, split

_CLAUSES = frozenset(["select", "from", "where", "order", "limit", "offset"])
_NEEDED = frozenset(["select", "from", "order", "limit", "offset"])
_AGGREGATES = re.compile(r"\b(count|sum|min|max|avg|over)\s*\(", re.IGNORECASE)


def keysets(
    statement: Statement, pieces: Pieces, queries: Sequence[Query], relations: Relations
) -> Iterator[Found]:
    """The page of a statement that reads one table in an order, by the key of the row before it."""
    query = next((query for query in queries if query.role is Role.TOP), None)
    if query is None or not _is_page(pieces, query):
        return
    relation = relation_at(pieces, query.sources[0], relations)
    order = _order(pieces, query)
    if relation is None or order is None:
        return
    columns, descends = order
    added = [name for name in _tie_breaker(relation, columns) if name not in columns]
    if not _has_key(relation, [*columns, *added]) or not set(columns) <= relation.not_null:
        return
    names = [*columns, *added]
    values = _placeholders(statement, pieces, query, names)
    if values:
        qualifier = next((column.qualifier for column in columns.values()), "")
        keys = [f"{quoted(qualifier)}.{quoted(name)}" if qualifier else quoted(name) for name in names]
        start, end = query.keywords["offset"], query.clauses["offset"][1]
        edits = _edits(pieces, query, keys, values, descends, keys[len(columns) :])
        remark = f"pass as {_listed(values)} the {_listed(names)} of the last row of the page before"
        remark += _not_selected(pieces, query, names) + "; the first page has no such condition"
        yield Found(sight=Sight.OFFSET, start=start, end=end, edits=edits, remark=remark)


def _is_page(pieces: Pieces, query: Query) -> bool:
    clauses = set(query.clauses)
    if query.verb != "select" or query.ctes or not _NEEDED <= clauses <= _CLAUSES or len(query.sources) != 1:
        return False
    start, end = query.clauses["offset"]
    if end - start != 1 or pieces.kinds[start] not in (NUMBER, PARAMETER) or query.start:
        return False
    first, last = query.clauses["select"]
    if pieces.words[first] in ("distinct", "all") or not is_repeatable(pieces, query.start, query.end):
        return False
    return not _AGGREGATES.search(written(pieces, first, last))


def _order(pieces: Pieces, query: Query) -> tuple[dict[str, Reference], bool] | None:
    """The columns of ORDER BY by name, and whether it descends; None where it is by anything else or both ways."""
    found: dict[str, Reference] = {}
    directions = set()
    for start, end in split(pieces, *query.clauses["order"], ","):
        word = pieces.words[end - 1]
        directions.add(word == "desc")
        end -= word in ("asc", "desc") and end - start > 1
        column = is_bare_column(pieces, start, end)
        if column is None or column.name in found or column.qualifier not in ("", query.sources[0].alias):
            return None
        if not column.qualifier and _is_renamed(pieces, query, column.name):
            return None
        found[column.name] = column
    return (found, directions.pop()) if len(directions) == 1 else None


def _is_renamed(pieces: Pieces, query: Query, name: str) -> bool:
    """Whether something else in the select list is called so: ORDER BY means that first."""
    for start, end in split(pieces, *query.clauses["select"], ","):
        column = is_bare_column(pieces, start, end)
        if (column is None or column.name != name) and pieces.is_name(end - 1) and pieces.name(end - 1) == name:
            return True
    return False


def _has_key(relation: Relation, columns: Sequence[str]) -> bool:
    return any(set(key) <= set(columns) and set(key) <= relation.not_null for key in relation.keys)


def _tie_breaker(relation: Relation, columns: Sequence[str]) -> tuple[str, ...]:
    if _has_key(relation, columns) or not relation.keys or not set(relation.keys[0]) <= relation.not_null:
        return ()
    return relation.keys[0]


def _placeholders(statement: Statement, pieces: Pieces, query: Query, names: Sequence[str]) -> list[str]:
    """What stands for the last row's values, in the style of the statement; none where no style fits."""
    offset = query.clauses["offset"][0]
    used = [written(pieces, place, place + 1) for place, kind in enumerate(pieces.kinds) if kind == PARAMETER]
    own = written(pieces, offset, offset + 1) if pieces.kinds[offset] == PARAMETER else ""
    styles = {_style(text) for text in used}
    if not used:
        return [f"${number}" for number in range(1, len(names) + 1)]
    if len(styles) > 1 or own and used.count(own) > 1 and own not in POSITIONAL:
        return []
    style = styles.pop()
    if style == "$":
        highest = max(int(text[1:]) for text in used)
        free = [own] if own else []
        return [*free, *(f"${highest + number}" for number in range(1, len(names) + 1 - len(free)))]
    if style in POSITIONAL:
        return [style] * len(names)
    made = [style.replace("name", f"last_{name}") for name in names]
    is_free = all(re.fullmatch(r"[A-Za-z_]\w*", name) for name in names) and not set(made) & set(used)
    return made if style and is_free else []


def _style(text: str) -> str:
    """A placeholder with `name` for its name; "" for what is written in no style that can have another name."""
    if text in POSITIONAL:
        return text
    if re.fullmatch(r"\$\d+", text):
        return "$"
    for style in (":name", "@name", "%(name)s"):
        if re.fullmatch(re.escape(style).replace("name", r"[A-Za-z_]\w*"), text):
            return style
    return ""


def _edits(
    pieces: Pieces, query: Query, keys: Sequence[str], values: Sequence[str], descends: bool, added: Sequence[str]
) -> tuple[Edit, ...]:
    left, right = ", ".join(keys), ", ".join(values)
    left, right = (f"({left})", f"({right})") if len(keys) > 1 else (left, right)
    behind = f"{left} {'<' if descends else '>'} {right}"
    edits = []
    if "where" in query.clauses:
        start, end = query.clauses["where"]
        text = f"({written(pieces, start, end)}) AND {behind}"
        edits.append(Edit(start=pieces.starts[start], end=pieces.ends[end - 1], text=text))
    else:
        place = pieces.ends[query.clauses["from"][1] - 1]
        edits.append(Edit(start=place, end=place, text=f" WHERE {behind}"))
    if added:
        place = pieces.ends[query.clauses["order"][1] - 1]
        direction = " DESC" if descends else ""
        edits.append(Edit(start=place, end=place, text="".join(f", {key}{direction}" for key in added)))
    start, end = query.keywords["offset"], query.clauses["offset"][1]
    before = pieces.ends[start - 1]
    edits.append(Edit(start=before, end=pieces.ends[end - 1], text=""))
    return tuple(sorted(edits, key=lambda edit: edit.start))


def _not_selected(pieces: Pieces, query: Query, names: Sequence[str]) -> str:
    items = split(pieces, *query.clauses["select"], ",")
    if any(pieces.words[end - 1] == "*" for _, end in items):
        return ""
    selected = {column.name for item in items if (column := is_bare_column(pieces, *item))}
    lacking = [name for name in names if name not in selected]
    return f", and select {_listed(lacking)} for that" if lacking else ""


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
