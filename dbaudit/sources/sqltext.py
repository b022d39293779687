"""Statements to what their text says. The only module that imports sqlglot, and only where tokens alone cannot tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from dbaudit.facts.statement import Kind, Statement
from dbaudit.facts.statement_text import Category, SelectStar, Sighting, StatementText
from dbaudit.sources.sqlbody import ROUTINES, Body, body, with_arguments
from dbaudit.sources.sqlcategory import DML, QUERY, category_of, is_definition
from dbaudit.sources.sqlfile import distinct
from dbaudit.sources.sqllex import (
    NUMBER,
    OPERATOR,
    PUNCTUATION,
    QUOTED,
    STRING,
    WORD,
    Token,
    fold,
    significant,
)
from dbaudit.sources.sqlpieces import NotRead
from dbaudit.sources.sqlplain import relation_of_plain_star
from dbaudit.sources.sqlsights import sightings

if TYPE_CHECKING:
    from sqlglot import exp

# Above these sqlglot takes many seconds: it is linear in the length, and exponential in the depth of ARRAY[ARRAY[…
# (PostgreSQL's own arrays have at most six dimensions).
LONGEST_TREE = 200_000
DEEPEST_ARRAY = 6
_NOT_UNDERSTOOD = "its syntax is not understood"
# What wraps a query, and the word that the query comes after.
_WRAPPERS = {"EXPLAIN": "", "DECLARE": "FOR", "PREPARE": "AS"}
# The other statements that may hold a query, and those that hold none.
_WITH_QUERIES = frozenset([*_WRAPPERS, "COPY"])
_UTILITIES = frozenset(
    "ABORT ANALYZE BEGIN CALL CHECKPOINT CLOSE CLUSTER COMMIT DEALLOCATE DISCARD DO END EXECUTE FETCH LISTEN LOAD LOCK "
    "MOVE NOTIFY REASSIGN REFRESH RELEASE RESET ROLLBACK SAVEPOINT SET SHOW START UNLISTEN VACUUM".split()
) | {"REFRESH MATERIALIZED VIEW"}
_KNOWN_OPERATORS = frozenset(["<=", ">=", "<>", "!=", "=>", "||"])
_BEFORE_STAR = frozenset(["select", "all", "distinct", "returning"])
# Functions of SQL that are called without parentheses, and so look like a relation in FROM.
_VALUE_FUNCTIONS = frozenset(
    "current_catalog current_date current_role current_schema current_time current_timestamp current_user localtime "
    "localtimestamp session_user system_user user".split()
)


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
    seen, unseen = _sightings(statement, category, found)
    stars, reason = _stars(statement, found)
    return StatementText(
        statement=statement,
        category=category,
        is_read=not reason,
        reason=reason,
        select_stars=stars,
        sightings=seen,
        unseen=unseen,
    )


def _sightings(statement: Statement, category: Category, found: list[Token]) -> tuple[tuple[Sighting, ...], str]:
    """What is seen in a statement's queries, or why nothing is."""
    if category is Category.OTHER and statement.command not in _WITH_QUERIES:
        if statement.command in _UTILITIES:
            return (), ""
        first = statement.text.split(None, 1)[:1]
        return (), f"it begins with {first[0][:30]}, as no statement of PostgreSQL does" if first else "it is empty"
    try:
        return sightings(statement, found, _start_of_query(statement, found)), ""
    except NotRead as reason:
        return (), str(reason)
    except RecursionError:
        return (), "it is nested too deeply"
    except Exception:
        # The text may be anything at all, and one statement of it must not end the audit of the others.
        return (), _NOT_UNDERSTOOD


def _stars(statement: Statement, found: list[Token]) -> tuple[tuple[SelectStar, ...], str]:
    """The stars of a statement's queries that reach relations, or why that is not known."""
    text = statement.text
    stars = {found[place].start: place for place in _possible_stars(text, found)} if "*" in text else {}
    if not stars:
        return (), ""
    try:
        return _select_stars(statement, found, stars), ""
    except NotRead as reason:
        return (), str(reason)
    except RecursionError:
        return (), "it is nested too deeply"
    except Exception:
        # sqlglot reads many dialects, and fails in many ways: whatever it was, this statement is not read.
        return (), _NOT_UNDERSTOOD


def _possible_stars(text: str, found: list[Token]) -> Iterator[int]:
    """Which tokens may be a star of a select list, by the token before them; some of these are multiplications."""
    for place in range(1, len(found)):
        token = found[place]
        if token.kind != OPERATOR or text[token.start : token.end] != "*":
            continue
        before = found[place - 1]
        word = text[before.start : before.end]
        if before.kind == PUNCTUATION and word in ",.)" or before.kind == WORD and fold(word) in _BEFORE_STAR:
            if not _names_an_operator(text, found, place):
                yield place


def _names_an_operator(text: str, found: list[Token], place: int) -> bool:
    """Whether a star is the multiplication in OPERATOR(pg_catalog.*)."""
    words = [fold(text[token.start : token.end]) for token in found[max(0, place - 4) : place]]
    return words[:2] == ["operator", "("] and words[-1] == "."


def _select_stars(statement: Statement, found: list[Token], stars: dict[int, int]) -> tuple[SelectStar, ...]:
    """The stars that reach relations. `stars` are the places in `found` of those that are possible, by offset.

    Raises NotRead where the tree cannot be had, or does not agree with the tokens about what is a star.
    """
    text = statement.text
    relation = relation_of_plain_star(text, found)
    if relation and fold(relation) not in _VALUE_FUNCTIONS:
        span = statement.extent(found[1].start, found[1].end)
        return (SelectStar(text="*", span=span, relations=(relation,)),)
    start = _start_of_query(statement, found)
    if _deepest_bracket(text, found) > DEEPEST_ARRAY:
        raise NotRead("its arrays are nested too deeply")
    tree = _tree(_simplified(text, found)[start:])
    in_tree = {star.meta["start"] + start: star for star in tree.find_all(_exp().Star) if "start" in star.meta}
    for offset, place in stars.items():
        before = found[place - 1]
        if offset not in in_tree and text[before.start : before.end] != ")":
            raise NotRead("one of its stars is not understood")
    result = []
    for offset in sorted(in_tree):
        relations = _relations_reached(in_tree[offset])
        if offset not in stars and relations:
            raise NotRead("one of its stars is not understood")
        if relations:
            first = _start_of_name(text, found, stars[offset])
            span = statement.extent(first, offset + 1)
            result.append(SelectStar(text=text[first : offset + 1], span=span, relations=tuple(relations)))
    return tuple(result)


def _start_of_query(statement: Statement, found: list[Token]) -> int:
    """Where the query begins that EXPLAIN, DECLARE … FOR or PREPARE … AS is about; 0 for any other statement."""
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
            awaited = "" if word == awaited else awaited
    return 0


def _simplified(text: str, found: list[Token]) -> str:
    """A text of the same length with the same stars, without what sqlglot knows another way or not at all.

    Comments are blank, literals hold x, and operators but the commonest are minus signs. It is for sqlglot only.
    """
    parts: list[str] = []
    end = 0
    for token in found:
        raw = text[token.start : token.end]
        if token.kind == STRING and len(raw) > 2:
            raw = f"'{'x' * (len(raw) - 2)}'"
        elif token.kind == NUMBER:
            raw = raw.replace("_", "0")
        elif token.kind == OPERATOR and len(raw) > 1 and raw not in _KNOWN_OPERATORS:
            raw = "-".ljust(len(raw))
        parts += [" " * (token.start - end), raw]
        end = token.end
    return "".join(parts)


def _deepest_bracket(text: str, found: list[Token]) -> int:
    depth = deepest = 0
    for token in found:
        if token.kind == PUNCTUATION:
            depth += {"[": 1, "]": -1}.get(text[token.start], 0)
            deepest = max(deepest, depth)
    return deepest


def _start_of_name(text: str, found: list[Token], place: int) -> int:
    """Where `schema.t.*` begins whose star is found[place]."""
    while place >= 2 and found[place - 2].kind in (WORD, QUOTED) and text[found[place - 1].start] == ".":
        place -= 2
    return found[place].start


def _exp():
    from sqlglot import exp

    return exp


def _tree(text: str) -> exp.Expression:
    """sqlglot's tree of one statement. Raises NotRead, and whatever sqlglot raises."""
    if len(text) > LONGEST_TREE:
        raise NotRead(f"it is longer than {LONGEST_TREE:,} characters")
    import logging

    import sqlglot

    logging.getLogger("sqlglot").setLevel(logging.CRITICAL + 1)
    trees = sqlglot.parse(text, dialect="postgres", error_level=sqlglot.ErrorLevel.IMMEDIATE)
    if len(trees) != 1 or trees[0] is None or isinstance(trees[0], _exp().Command):
        raise NotRead(_NOT_UNDERSTOOD)
    return trees[0]


def _relations_reached(star: exp.Star) -> list[str]:
    """The relations whose columns a star stands for, as the statement writes them; none where it is no select item.

    Raises NotRead where what `t.*` means is not to be found.
    """
    exp = _exp()
    item = star.parent if isinstance(star.parent, exp.Column) else star
    owner = item.parent
    if item.arg_key != "expressions" or not isinstance(owner, (exp.Select, exp.Returning)) or _only_exists(owner):
        return []
    query = owner.parent if isinstance(owner, exp.Returning) else owner
    if item is star:
        return [name for _, name in _sources(query) if name]
    has_unnamed = False
    while query is not None:
        sources = _sources(query)
        called = [name for alias, name in sources if alias and _is_called(item, alias)]
        if called:
            return [name for name in called if name]
        has_unnamed = has_unnamed or any(alias is None for alias, _ in sources)
        query = query.parent
    if has_unnamed:
        # A function without an alias is called by its own name: what it returns is no relation.
        return []
    if isinstance(owner, exp.Returning) and item.table.lower() in ("old", "new"):
        return [name for _, name in _sources(owner.parent)[:1]]
    raise NotRead(f"{item.sql('postgres')} names nothing in its FROM clause")


def _only_exists(owner: exp.Expression) -> bool:
    """Whether the rows of a query are only asked whether there are any."""
    exp = _exp()
    parent = owner.parent
    while isinstance(parent, (exp.Subquery, exp.Paren, exp.SetOperation)):
        parent = parent.parent
    return isinstance(parent, exp.Exists)


def _sources(query: exp.Expression) -> list[tuple[tuple[str, str] | None, str]]:
    """What a query reads from: the (schema, alias) it is called by, and the relation's name, empty where it is none."""
    exp = _exp()
    items: list = []
    if isinstance(query, (exp.Update, exp.Delete, exp.Insert, exp.Merge)):
        target = query.this.this if isinstance(query.this, exp.Schema) else query.this
        using = query.args.get("using")
        items += [target, *(using if isinstance(using, list) else [using])]
    elif not isinstance(query, exp.Select):
        return []
    source = _argument(query, "from")
    items += [source.this if source else None, *(query.args.get("joins") or []), *(query.args.get("laterals") or [])]
    return [found for item in items if isinstance(item, exp.Expression) for found in _named(item)]


def _named(item: exp.Expression) -> Iterator[tuple[tuple[str, str] | None, str]]:
    exp = _exp()
    if isinstance(item, (exp.Join, exp.Paren)):
        yield from _named(item.this)
    elif isinstance(item, exp.Subquery) and isinstance(item.this, (exp.Table, exp.Subquery)):
        inside = list(_named(item.this))
        alias = _folded_alias(item)
        yield from [(("", alias), name) for _, name in inside] if alias else inside
    elif isinstance(item, exp.Table) and isinstance(item.this, exp.Identifier):
        alias = _folded_alias(item)
        name = "" if _is_no_relation(item) else ".".join(part.sql("postgres") for part in item.parts)
        yield ("", alias) if alias else (_folded(item.args.get("db")), _folded(item.this)), name
    else:
        alias = _folded_alias(item)
        yield ("", alias) if alias else None, ""
    for join in item.args.get("joins") or []:
        yield from _named(join)


def _is_called(item: exp.Column, alias: tuple[str, str]) -> bool:
    schema = item.args.get("db")
    return _folded(item.args["table"]) == alias[1] and (schema is None or _folded(schema) == alias[0])


def _is_no_relation(table: exp.Table) -> bool:
    """Whether a name in FROM is that of a WITH query in whose reach it is, or of a function without parentheses."""
    if table.args.get("db"):
        return False
    name = _folded(table.this)
    return name in _names_in_reach(table) or name in _VALUE_FUNCTIONS and not table.this.quoted


def _names_in_reach(table: exp.Table) -> set[str]:
    """The WITH queries that a name in FROM can mean: its own only if RECURSIVE, and none that come later."""
    exp = _exp()
    names: set[str] = set()
    node: exp.Expression | None = table
    while node is not None and node.parent is not None:
        parent = node.parent
        if isinstance(parent, exp.With):
            queries = parent.expressions
            reach = queries if parent.recursive else queries[: next(i for i, q in enumerate(queries) if q is node)]
            names |= {_folded(query.args["alias"].this) for query in reach}
        elif (clause := _argument(parent, "with")) is not None and clause is not node:
            names |= {_folded(query.args["alias"].this) for query in clause.expressions}
        node = parent
    return names


def _argument(node: exp.Expression, name: str) -> exp.Expression | None:
    """sqlglot put an underscore behind the arguments that are Python's words in its version 28."""
    return node.args.get(f"{name}_") or node.args.get(name)


def _folded_alias(item: exp.Expression) -> str:
    alias = item.args.get("alias")
    return _folded(alias.this) if alias is not None and alias.this is not None else ""


def _folded(identifier: exp.Expression | None) -> str:
    if identifier is None:
        return ""
    name = identifier.name
    return name if identifier.args.get("quoted") else fold(name)
