"""What came of a statement with each set of values, without telling the values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from dbaudit.facts.plan import Plan, plan_from_json
from dbaudit.facts.statement import GENERIC_PLAN, Explained, How, Variant

_UNKNOWN = "$?"
_FIRST_NORMAL_OID, _TEXT_OID = 16384, 25
_NO_EXPRESSIONS = frozenset(
    {
        "Node Type", "Parent Relationship", "Subplan Name", "Alias", "Index Name", "CTE Name", "Strategy", "Schema",
        "Partial Mode", "Join Type", "Scan Direction", "Operation", "Command", "Relation Name", "Function Name",
        "Sort Method", "Sort Space Type", "Custom Plan Provider", "Parallel Aware", "Async Capable",
    }
)
_LITERAL = re.compile(
    r"""(?P<skipped> "(?:[^"]|"")*+" | (?:SubPlan|InitPlan|CTE)\ \d+ | \$\d+ | [^\W\d][\w$]*
          | ::[^'"]*?\(\d+(?:,-?\d+)?\) )
      | (?P<string> '(?:[^']|'')*+(?:'|$) )
      | (?P<number> \d[\w.]* )""",
    re.VERBOSE,
)


def literals(*texts: str) -> set[str]:
    """The values of all strings and numbers in these expressions or statements."""
    return {_value(found) for text in texts for found in _LITERAL.finditer(text) if not found["skipped"]}


def literals_in_plan(plan: Plan) -> set[str]:
    """The values of all literals in a plan's expressions."""
    found: set[str] = set()
    _walk(plan.raw["Plan"], lambda text: found.update(literals(text)) or text)
    return found


def masked(plan: Plan, values: Sequence[str | None], known: set[str]) -> Plan:
    """The plan with $n for the values of parameters, and $? for what was made of them.

    Literals that are `known`, as they stand in the statement itself or in its generic plan, stay.
    """

    def name(found: re.Match[str]) -> str:
        if found["skipped"] or _value(found) in known:
            return found.group()
        value = _value(found)
        if value in values or len(values) == 1:
            return f"${values.index(value) + 1 if value in values else 1}"
        return _UNKNOWN

    hidden = _walk(plan.raw["Plan"], lambda text: _LITERAL.sub(name, text))
    return replace(plan_from_json({**plan.raw, "Plan": hidden}), planning_ms=plan.planning_ms, settings=plan.settings)


def without_values(message: str, values: Sequence[str | None]) -> str:
    """An error's message with $n for the values that it quotes."""
    for number, value in sorted(enumerate(values, start=1), key=lambda pair: -len(pair[1] or "")):
        message = message.replace(value, f"${number}") if value else message
    return message


def as_printed(values: Sequence[str | None], types: Sequence[int]) -> tuple[str, Sequence[str | None], Sequence[int]]:
    """A query, its parameters and their types: what the server prints the values as, in a JSON array.

    Not by a cast, which may be a function of somebody's; what is not PostgreSQL's own type is taken for text.
    """
    texts = ", ".join(f"pg_catalog.format('%s', ${number})" for number in range(1, len(values) + 1))
    own = [oid if oid < _FIRST_NORMAL_OID else _TEXT_OID for oid in types]
    return f"select pg_catalog.to_json(array[{texts}])", values, own


def told(
    explained: Explained, name: str, values: Sequence[str | None], hidden: tuple[set[str], Sequence[str | None]] | None
) -> Variant:
    """What came of a statement with one set of values.

    They are left out where `hidden` is given: the literals that may be shown, and the values as the server prints them.
    """
    plan, reason, shown, others = explained.plan, explained.reason, None, explained.alternatives
    if hidden is None:
        names = explained.statement.parameters
        shown = {name_of(names, number): value for number, value in enumerate(values, start=1)}
    else:
        known, printed = hidden
        plan = masked(plan, printed, known) if plan else None
        reason = without_values(reason, values)
        others = tuple(replace(each, plan=masked(each.plan, printed, known)) for each in others)
    return Variant(
        name=name,
        how=explained.how,
        reason=reason,
        plan=plan,
        limit_ms=explained.limit_ms,
        values=shown,
        runs=explained.runs,
        alternatives=others,
    )


def name_of(names: Sequence[str], number: int) -> str:
    """What parameter $number is called."""
    return names[number - 1] if number <= len(names) else str(number)


def together(generic: Explained, variants: Sequence[Variant], remarks: str = "") -> Explained:
    """The statement as its slowest variant shows it, with all of them; as its generic plan where none has a plan."""
    reason = generic.reason + remarks
    tried = [variant for variant in variants if variant.plan or variant.how is How.TIMED_OUT]
    if not tried:
        if variants:
            reason += f"; with values of ours it was refused: {variants[0].reason}"
        return replace(generic, reason=reason)
    worst = max(tried, key=_slowness)
    return Explained(
        statement=generic.statement,
        how=worst.how,
        reason=worst.reason,
        plan=worst.plan,
        limit_ms=worst.limit_ms,
        runs=worst.runs,
        variants=(*variants, Variant(name=GENERIC_PLAN, how=generic.how, plan=generic.plan)),
        alternatives=worst.alternatives,
    )


def _slowness(variant: Variant) -> tuple:
    plan = variant.plan
    return (
        variant.how is How.TIMED_OUT,
        variant.how is How.ANALYZED,
        (plan.execution_ms or 0.0) if plan else 0.0,
        plan.root.total_cost if plan else 0.0,
    )


def _value(found: re.Match[str]) -> str:
    text = found.group()
    return text[1:].removesuffix("'").replace("''", "'") if found["string"] else text


def _walk(node: Any, change: Any) -> Any:
    """A copy of a plan's JSON with each text that may be an expression changed. Without recursion into depth."""
    if isinstance(node, str):
        return change(node)
    root: list[Any] = [node]
    stack: list[tuple[Any, Any]] = [(root, 0)]
    while stack:
        holder, key = stack.pop()
        value = holder[key]
        if isinstance(value, str):
            holder[key] = value if key in _NO_EXPRESSIONS else change(value)
        elif isinstance(value, dict):
            holder[key] = dict(value)
            stack.extend((holder[key], inner) for inner in value)
        elif isinstance(value, list):
            holder[key] = list(value)
            stack.extend((holder[key], inner) for inner in range(len(value)))
    return root[0]
