"""The conditions of a plan, read from the text that PostgreSQL deparses: which column, how wrapped, compared with what.

The server parenthesizes every expression, writes keywords in upper case and unquoted names in lower case, so that
tokens and brackets are enough. What does not fit one of the known shapes has the form OTHER; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from dbaudit.facts.deparsed import Group, Item, Token, parse, text_of


class Form(StrEnum):
    """How the column stands in its condition. OTHER: not understood, or more than one column."""

    COLUMN = "column"
    CAST = "cast"
    FUNCTION = "function"
    EXPRESSION = "expression"
    EITHER = "or"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A column as the condition names it, unquoted; `alias` is "" where the plan was not made VERBOSE."""

    alias: str
    column: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One conjunct.

    `operator` has the column on its left: "=", "<", "~~", "= ANY", "<> ALL", "IS NULL", "IS TRUE", and "" where there
    is none. `expression` is the text of the side with the column, without the alias: what an expression index would
    have. `function` (unquoted) and `cast` say what stands around the column, outermost. `value` is the text of the
    other side, `value_type` and `value_collation` what it is written with, `value_columns` the columns in it (none: it
    is constant for a scan). `columns` are all columns of the conjunct; `branches` are those of an OR.
    """

    text: str
    form: Form
    alias: str = ""
    column: str = ""
    operator: str = ""
    expression: str = ""
    function: str = ""
    cast: str = ""
    value: str = ""
    value_type: str = ""
    value_collation: str = ""
    value_columns: tuple[Reference, ...] = ()
    columns: tuple[Reference, ...] = ()
    branches: tuple[Condition, ...] = ()

    @property
    def literal(self) -> str | None:
        """The text inside the value's quotes, or None where the value is not a quoted literal."""
        items = _bare(parse(self.value).items)
        first = items[0] if items and not _operators(items) else None
        return first.unquoted if isinstance(first, Token) and first.kind == "string" else None


_COMMUTED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_SYMMETRIC = ("=", "<>")
_TESTS = {
    ("IS", "NULL"): "IS NULL", ("IS", "NOT", "NULL"): "IS NOT NULL", ("IS", "TRUE"): "IS TRUE",
    ("IS", "FALSE"): "IS FALSE", ("IS", "NOT", "TRUE"): "IS NOT TRUE", ("IS", "NOT", "FALSE"): "IS NOT FALSE",
}


@lru_cache(maxsize=4096)
def conditions(text: str) -> tuple[Condition, ...]:
    """The conjuncts of a Filter, Index Cond, Recheck Cond or join condition; none for an empty text."""
    if not text:
        return ()
    found: list[Condition] = []
    pending = [parse(text).items]
    while pending:
        items = _bare(pending.pop())
        parts = _split(items, "AND")
        if len(parts) > 1:
            pending.extend(reversed(parts))
        else:
            found.append(_condition(text, items))
    return tuple(found)


def seen_from(condition: Condition, alias: str) -> Condition:
    """The condition with the column of this relation on its left, where its other side is that column and no more."""
    flipped = _COMMUTED.get(condition.operator, condition.operator)
    if condition.alias == alias or flipped not in _COMMUTED and flipped not in _SYMMETRIC:
        return condition
    value = parse(condition.value).items
    if condition.form is not Form.COLUMN or not _is_name(value) or condition.value_columns[0].alias != alias:
        return condition
    (column,) = condition.value_columns
    return replace(
        condition,
        alias=alias,
        column=column.column,
        operator=flipped,
        expression=text_of(condition.value, value, without_alias=True),
        value=f"{condition.alias}.{condition.expression}",
        value_columns=(Reference(alias=condition.alias, column=condition.column),),
    )


def _condition(source: str, items: Sequence[Item]) -> Condition:
    text = text_of(source, items)
    columns = tuple(dict.fromkeys(_references(items)))
    branches = _split(items, "OR")
    if len(branches) > 1:
        simple = tuple(_simple(source, _bare(branch)) for branch in branches)
        return Condition(text=text, form=Form.EITHER, columns=columns, branches=simple)
    return _simple(source, items)


def _simple(source: str, items: Sequence[Item]) -> Condition:
    text = text_of(source, items)
    columns = tuple(dict.fromkeys(_references(items)))
    other = Condition(text=text, form=Form.OTHER, columns=columns)
    divided = _divide(items)
    if divided is None:
        return other
    left, operator, right = divided
    left_columns, right_columns = tuple(dict.fromkeys(_references(left))), tuple(dict.fromkeys(_references(right)))
    if not left_columns or (right_columns and _form(left)[0] is not Form.COLUMN and _form(right)[0] is Form.COLUMN):
        if operator not in _COMMUTED and operator not in _SYMMETRIC:
            return other
        left, right, left_columns, right_columns = right, left, right_columns, left_columns
        operator = _COMMUTED.get(operator, operator)
    if len(left_columns) != 1:
        return other
    form, function, cast = _form(left)
    value_type, value_collation = _type_and_collation(right)
    return Condition(
        text=text,
        form=form,
        alias=left_columns[0].alias,
        column=left_columns[0].column,
        operator=operator,
        expression=text_of(source, left, without_alias=True),
        function=function,
        cast=cast,
        value=text_of(source, right),
        value_type=value_type,
        value_collation=value_collation,
        value_columns=right_columns,
        columns=columns,
    )


def _divide(items: Sequence[Item]) -> tuple[Sequence[Item], str, Sequence[Item]] | None:
    """Left side, operator, right side; None where the conjunct is not of one of these shapes."""
    if not items or _has_subplan(items):
        return None
    words = tuple(item.text for item in items if isinstance(item, Token) and item.kind == "keyword")
    for test, operator in _TESTS.items():
        if words[-len(test):] == test and len(words) == len(test) and not _operators(items):
            return items[: -len(test)], operator, ()
    if words == ("NOT",) and isinstance(items[0], Token) and items[0].text == "NOT":
        return items[1:], "IS FALSE", ()
    operators = _operators(items)
    if not operators and _is_name(items):
        return items, "IS TRUE", ()
    if len(operators) != 1 or operators[0] in (0, len(items) - 1):
        return None
    place = operators[0]
    left, operator, right = items[:place], items[place].text, items[place + 1 :]
    if isinstance(right[0], Token) and right[0].text in ("ANY", "ALL") and right[0].kind == "keyword":
        return left, f"{operator} {right[0].text}", right[1:]
    if words and not set(words) <= {"COLLATE"} and not _is_call(left) and not _is_call(right) and not _is_word(right):
        return None
    return left, operator, right


def _form(items: Sequence[Item]) -> tuple[Form, str, str]:
    """Form, function and cast of a side that names one column."""
    items = _bare(items)
    if _is_name(items):
        return Form.COLUMN, "", ""
    if _operators(items) or any(isinstance(item, Token) and item.text in ("AT", "COLLATE") for item in items):
        return Form.EXPRESSION, "", ""
    if items and isinstance(items[-1], Token) and items[-1].kind == "type":
        return (Form.CAST if _is_name(_bare(items[:-1])) else Form.EXPRESSION), "", items[-1].text
    if _is_call(items):
        return Form.FUNCTION, "".join(item.unquoted for item in items[:-1]), ""
    return Form.OTHER, "", ""


def _is_name(items: Sequence[Item]) -> bool:
    return bool(items) and all(isinstance(item, Token) and item.kind in ("name", "dot") for item in items)


def _is_call(items: Sequence[Item]) -> bool:
    """Whether this is `name (…)`, `schema.name (…)` or a function with a syntax of its own, as EXTRACT (…)."""
    if len(items) not in (2, 4) or not isinstance(items[-1], Group):
        return False
    return all(isinstance(item, Token) and item.kind in ("name", "dot", "keyword") for item in items[:-1])


def _is_word(items: Sequence[Item]) -> bool:
    return all(isinstance(item, Token) and item.kind in ("keyword", "type") for item in items)


def _bare(items: Sequence[Item]) -> Sequence[Item]:
    while len(items) == 1 and isinstance(items[0], Group):
        items = items[0].items
    return items


def _split(items: Sequence[Item], word: str) -> list[Sequence[Item]]:
    parts: list[list[Item]] = [[]]
    for item in items:
        if isinstance(item, Token) and item.kind == "keyword" and item.text == word:
            parts.append([])
        else:
            parts[-1].append(item)
    return parts


def _operators(items: Sequence[Item]) -> list[int]:
    return [place for place, item in enumerate(items) if isinstance(item, Token) and item.kind == "operator"]


def _type_and_collation(items: Sequence[Item]) -> tuple[str, str]:
    items, collation = _bare(items), ""
    if _operators(items):
        return "", ""
    tokens = [item for item in items if isinstance(item, Token)]
    if len(tokens) > 2 and any(token.text == "COLLATE" for token in tokens):
        at = next(place for place, token in enumerate(tokens) if token.text == "COLLATE")
        collation = "".join(token.text for token in tokens[at + 1 :])
        tokens = tokens[:at]
    return (tokens[-1].text if tokens and tokens[-1].kind == "type" else ""), collation


def _has_subplan(items: Sequence[Item]) -> bool:
    return any(token.text == "SubPlan" for token in _tokens(items))


def _references(items: Sequence[Item]) -> Iterator[Reference]:
    """The columns in these items: `a.b` and a lone name, unless a bracket follows, which makes it a call."""
    for run in _runs(items):
        for place, item in enumerate(run):
            if not (isinstance(item, Token) and item.kind == "name"):
                continue
            before = run[place - 1] if place else None
            after = run[place + 1] if place + 1 < len(run) else None
            if isinstance(after, Group) or _is_dot(after) or (isinstance(before, Token) and before.text == "COLLATE"):
                continue
            if _is_dot(before):
                owner = run[place - 2]
                if isinstance(owner, Token) and owner.kind == "name":
                    yield Reference(alias=owner.unquoted, column=item.unquoted)
            else:
                yield Reference(alias="", column=item.unquoted)


def _is_dot(item: Item | None) -> bool:
    return isinstance(item, Token) and item.kind == "dot"


def _runs(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    stack = [items]
    while stack:
        run = stack.pop()
        yield run
        stack.extend(item.items for item in reversed(run) if isinstance(item, Group))


def _tokens(items: Sequence[Item]) -> Iterator[Token]:
    for run in _runs(items):
        yield from (item for item in run if isinstance(item, Token))
