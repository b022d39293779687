"""How the plan of a statement changes with the values of its parameters."""

from __future__ import annotations

from collections.abc import Sequence

from dbaudit.facts.plan import Plan, PlanNode
from dbaudit.facts.plan_time import is_gather
from dbaudit.facts.statement import GENERIC_PLAN, Alternative, Explained, How, Variant
from dbaudit.units import count, milliseconds


def sentence(explained: Explained) -> str:
    """What the values that a statement was tried with come to, in one line; empty where there were none."""
    tried = [variant for variant in explained.variants if variant.plan and not _is_generic(variant)]
    if not tried:
        return ""
    groups: dict[tuple, list[Variant]] = {}
    for variant in tried:
        groups.setdefault(_shape(variant.plan), []).append(variant)
    values = count(len(tried), "set of values", "sets of values")
    generic = next((variant.plan for variant in explained.variants if _is_generic(variant)), None)
    unlike = ""
    if generic and _shape(generic) not in groups:
        unlike = f"; the generic plan is another: {_difference(generic, [plan_of(group) for group in groups.values()])}"
    if len(groups) == 1:
        return f"{values}, one plan{_times(tried)}{unlike}"
    described = [
        f"{_difference(plan_of(group), [plan_of(other) for other in groups.values() if other is not group])} for "
        f"{_names(group)}{_times(group)}"
        for group in groups.values()
    ]
    return f"{values}: the plan changes: " + ", ".join(described) + unlike


def under_other_settings(plan: Plan, alternatives: Sequence[Alternative]) -> tuple[str, ...]:
    """How another plan would compare, a line for each setting that was tried and makes one."""
    return tuple(
        f"with {each.setting}: {_difference(each.plan, [plan])}, cost {each.plan.root.total_cost:,.0f}"
        f" in place of {plan.root.total_cost:,.0f}"
        for each in alternatives
        if _shape(each.plan) != _shape(plan)
    )


def plan_of(group: Sequence[Variant]) -> Plan:
    """The plan of the first of these, which have one each."""
    return next(variant.plan for variant in group if variant.plan)


def name_and_values(variant: Variant) -> str:
    """What a variant is called, with its values where they may be shown."""
    if not variant.values:
        return variant.name
    return f"{variant.name}: " + ", ".join(_assignment(name, value) for name, value in variant.values.items())


def _assignment(name: str, value: str | None) -> str:
    written = "NULL" if value is None else "'" + value.replace("'", "''") + "'"
    return f"{f'${name}' if name.isdigit() else name} = {written}"


def _is_generic(variant: Variant) -> bool:
    return variant.values is None and variant.name == GENERIC_PLAN


def _shape(plan: Plan | None) -> tuple:
    """What makes a plan another one: its nodes, what they read and by which index."""
    return tuple((*_kind(node), len(node.children)) for node in plan.nodes()) if plan else ()


def _kind(node: PlanNode) -> tuple[str, str, str]:
    return node.node_type, node.alias, node.index_name


def _difference(plan: Plan, others: Sequence[Plan]) -> str:
    """The first node, scans before others, that no other plan has."""
    elsewhere = {_kind(node) for other in others for node in other.nodes()}
    own = [node for node in plan.nodes() if _kind(node) not in elsewhere] or [plan.root]
    node = next((node for node in own if node.relation), own[0])
    if is_gather(node):
        return "a parallel plan"
    index = f" using {node.index_name}" if node.index_name else ""
    relation = f" on {node.relation}" if node.relation else ""
    return f"{node.node_type}{index}{relation}"


def _names(group: Sequence[Variant]) -> str:
    return " and ".join(f"the {variant.name}" if variant.name.endswith(" value") else variant.name for variant in group)


def _times(group: Sequence[Variant]) -> str:
    """How long those took that were run."""
    times = [variant.plan.execution_ms or 0.0 for variant in group if variant.plan and variant.how is How.ANALYZED]
    if not times:
        return ""
    low, high = milliseconds(min(times)), milliseconds(max(times))
    return f" ({low})" if low == high else f" ({low} to {high})"
