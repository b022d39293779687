"""Values to try a statement's parameters with, from the server's own statistics of the columns they are compared with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from dbaudit.facts.condition import Condition, Form, conditions
from dbaudit.facts.deparsed import Group, Item, Token, parse
from dbaudit.facts.plan import Plan, PlanNode
from dbaudit.sources.given import quoted_element
from dbaudit.sources.sqllex import COMMENT, PARAMETER, SPACE, WORD, fold, tokens

COMMON, RARE, ABSENT, NULL = "common value", "rare value", "absent value", "NULL"
# What a page of results asks for, where nothing says how many.
_COUNTS = {"limit": "20", "offset": "0"}
_LOWER, _UPPER = (">", ">="), ("<", "<=")
_SIMPLE = (Form.COLUMN, Form.CAST, Form.FUNCTION)
_EQUAL = ("=", "<>", "= ANY", "<> ALL", "~~", "~~*", "^@")
_WHOLE = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}
_ASKED_FOR_NULL = re.compile(r"\(\(*\$(\d+)\)*(?:::[^()]*)?\)* IS NULL")
_LAST_UUID = "ffffffff-ffff-ffff-ffff-ffffffffffff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The column that a parameter is compared with, all names unquoted. `is_array`: with the elements of it."""

    schema: str
    relation: str
    column: str
    operator: str
    is_array: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """What the statistics know of a column, as text: its most common values, and bounds of equal parts of the rest."""

    common: Sequence[str] = ()
    bounds: Sequence[str] = ()

    def part(self, share: float) -> str | None:
        """The value below which about this share of the rows is, leaving out the common ones."""
        return self.bounds[round(share * (len(self.bounds) - 1))] if self.bounds else None


def compared(plan: Plan) -> Mapping[int, Compared]:
    """What each parameter is compared with, by its number, as far as the conditions of a generic plan tell."""
    nodes: dict[str, PlanNode] = {}
    for node in plan.nodes():
        if node.relation and node.alias:
            nodes.setdefault(node.alias, node)
    found: dict[int, Compared] = {}
    for condition in _all_conditions(plan):
        node = nodes.get(condition.alias)
        if node is None or condition.form not in _SIMPLE or condition.value_columns:
            continue
        numbers, is_list = _parameters(_comparable(condition))
        is_array = condition.operator in ("= ANY", "<> ALL") and not is_list
        for number in numbers if condition.operator in (*_EQUAL, *_LOWER, *_UPPER) else ():
            found.setdefault(
                number,
                Compared(
                    schema=node.schema, relation=node.relation, column=condition.column,
                    operator=condition.operator, is_array=is_array,
                ),
            )
    return found


def optional(plan: Plan) -> set[int]:
    """The parameters that a condition asks to be NULL: what is looked for only where they are given."""
    texts = [text for node in plan.nodes() for text in (node.filter, node.join_filter, node.one_time_filter) if text]
    return {int(number) for text in texts for number in _ASKED_FOR_NULL.findall(text)}


def counts(text: str) -> Mapping[int, str]:
    """Values for the parameters of LIMIT and OFFSET, by number."""
    found = [token for token in tokens(text) if token.kind not in (SPACE, COMMENT)]
    result = {}
    for before, token in zip(found, found[1:]):
        word = fold(text[before.start : before.end]) if before.kind == WORD else ""
        if token.kind == PARAMETER and word in _COUNTS:
            result[int(text[token.start + 1 : token.end])] = _COUNTS[word]
    return result


def sampled(
    places: Mapping[int, Compared], values: Mapping[int, Values], types: Mapping[int, str]
) -> Mapping[str, Mapping[int, str]]:
    """Values for the parameters, by the name of the set: those that many rows have, few rows, and none.

    `values` and `types` are by the parameter's number. A range is wide in the first set and narrow in the second. Sets
    that come to the same as one before are left out.
    """
    sets: dict[str, dict[int, str]] = {COMMON: {}, RARE: {}, ABSENT: {}}
    with_lower = {(place.relation, place.column) for place in places.values() if place.operator in _LOWER}
    made: dict[tuple[Compared, str], Sequence[str | None]] = {}
    for number, place in places.items():
        kind = types.get(number, "")
        if (place, kind) not in made:
            has_lower = (place.relation, place.column) in with_lower
            made[place, kind] = _three(place, values.get(number, Values()), kind, has_lower)
        for name, value in zip(sets, made[place, kind]):
            if value is not None:
                sets[name][number] = "{" + quoted_element(value) + "}" if place.is_array else value
    result: dict[str, Mapping[int, str]] = {}
    for name, own in sets.items():
        whole = {**sets[RARE], **own} if name == ABSENT else own
        if whole and (name != ABSENT or own) and whole not in result.values():
            result[name] = whole
    return result


def _three(
    place: Compared, known: Values, kind: str, has_lower: bool
) -> tuple[str | None, str | None, str | None]:
    """A common value, a rare one and an absent one."""
    if place.operator in _LOWER:
        either = known.common[0] if known.common else None
        return known.part(0.05) or either, known.part(0.95) or either, None
    if place.operator in _UPPER:
        either = known.common[0] if known.common else None
        return known.part(0.95) or either, known.part(1.0 if has_lower else 0.05) or either, None
    middle = known.part(0.5)
    common = known.common[0] if known.common else middle
    rare = middle if middle is not None else known.common[-1] if known.common else None
    return common, rare, _absent(known, kind.removesuffix("[]"))


def _absent(known: Values, kind: str) -> str | None:
    """A value that the statistics know nothing like, for the types where one is easily made."""
    every = [*known.common, *known.bounds]
    if not every:
        return None
    if kind in _WHOLE or kind == "numeric":
        try:
            highest = int(max(map(Decimal, every))) + 1
        except (InvalidOperation, ValueError, OverflowError):
            return None
        return str(highest) if highest <= _WHOLE.get(kind, highest) else None
    if kind in ("text", "character varying"):
        return max(every) + "~"
    return _LAST_UUID if kind == "uuid" and _LAST_UUID not in every else None


def _all_conditions(plan: Plan) -> Iterator[Condition]:
    for node in plan.nodes():
        texts = (node.index_cond, node.filter, node.recheck_cond, node.join_filter, node.hash_cond, node.merge_cond)
        for text in texts:
            for condition in conditions(text) if "$" in text else ():
                yield from condition.branches or (condition,)


def _comparable(condition: Condition) -> Sequence[Item]:
    """The items of the value; of lower(name) = lower($1) those inside, which are made into one as the column's are."""
    items: Sequence[Item] = parse(condition.value).items
    while len(items) == 1 and isinstance(items[0], Group):
        items = items[0].items
    if condition.form is not Form.FUNCTION:
        return items
    is_same = len(items) == 2 and isinstance(items[0], Token) and items[0].unquoted == condition.function
    return items[1].items if is_same and isinstance(items[1], Group) else ()


def _parameters(items: Sequence[Item]) -> tuple[list[int], bool]:
    """The parameters that a value consists of, with their casts or as ARRAY[…], and whether it is such a list."""
    every = list(_flat(items))
    if any(token.kind not in ("parameter", "type", "comma") and token.text != "ARRAY" for token in every):
        return [], False
    numbers = [int(token.text[1:]) for token in every if token.kind == "parameter"]
    return numbers, any(token.text == "ARRAY" for token in every)


def _flat(items: Sequence[Item]) -> Iterator[Token]:
    for item in items:
        if isinstance(item, Group):
            yield from _flat(item.items)
        else:
            yield item
