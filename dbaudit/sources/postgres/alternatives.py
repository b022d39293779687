"""What the planner would do under other settings: how an index that it did not take compares with what it took."""

from __future__ import annotations

from dbaudit.facts.condition import Form, conditions
from dbaudit.facts.plan import Plan, PlanNode
from dbaudit.facts.plan_time import rows_removed
from dbaudit.sources.postgres.pipeline import Message, query

# A scan that throws away fewer rows, or is to cost less, is none that an index would make much better: a row costs the
# planner at least cpu_tuple_cost and cpu_operator_cost.
_REMOVED_ROWS = 10_000
_COST = _REMOVED_ROWS * (0.01 + 0.0025)
_SERVED = frozenset(["=", "<", "<=", ">", ">=", "= ANY", "IS NULL", "IS TRUE", "IS FALSE"])
_BARE = (Form.COLUMN, Form.CAST)

# What a page out of order costs on a disk without moving parts, where one in order costs 1.
SSD_PAGE_COST = "1.1"


def worth_trying(plan: Plan) -> tuple[tuple[str, str], ...]:
    """The settings, each with its value, under which another plan would say something: none for most statements.

    It would where a Seq Scan throws away many rows by a condition that an index on a column could serve.
    """
    if not any(_may_be_served(node) for node in plan.nodes()):
        return ()
    is_dear = float(plan.settings.get("random_page_cost", 4)) > float(SSD_PAGE_COST)
    return (("enable_seqscan", "off"), *([("random_page_cost", SSD_PAGE_COST)] if is_dear else []))


def changing(name: str, value: str) -> Message:
    """Changes a setting for the rest of the transaction."""
    return query("select pg_catalog.set_config($1, $2, true)", [name, value])


def _may_be_served(node: PlanNode) -> bool:
    if node.node_type != "Seq Scan" or not node.filter or node.never_executed:
        return False
    if (node.total_cost < _COST) if node.actual_rows is None else (rows_removed(node) < _REMOVED_ROWS):
        return False
    return any(each.operator in _SERVED and each.form in _BARE for each in conditions(node.filter))
