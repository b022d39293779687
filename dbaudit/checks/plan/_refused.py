"""Why the planner did not take an index that could serve a scan: what it reckoned with it, and what came of that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dbaudit.checks.plan._expected import rows_expected
from dbaudit.checks.plan._keys import Key, is_served_by, keys_for
from dbaudit.checks.plan._relations import Relations
from dbaudit.checks.plan._scans import Scan
from dbaudit.checks.plan._words import percent, rows
from dbaudit.facts.catalog import Index
from dbaudit.facts.plan import Plan
from dbaudit.facts.plan_time import parents
from dbaudit.facts.statement import Explained
from dbaudit.finding import Fix, Scalar

# Below this the estimate is not what misled the planner.
_MISESTIMATE = 10.0
# From this share of the rows on, one pass over the table may be as quick as an index.
_SELECTIVE = 0.01
# Before PostgreSQL 18 a node that a setting forbids costs this much more (disable_cost in costsize.c).
_FORBIDDEN_COST = 1.0e10
_SEQSCAN_OFF, _SSD = "enable_seqscan = off", "random_page_cost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """An index, the keys that it would be searched by, why it was not, the figures, and what may help."""

    index: Index
    keys: tuple[Key, ...]
    reason: str
    evidence: dict[str, Scalar]
    fixes: tuple[Fix, ...] = ()


def refused(explained: Explained, scan: Scan, relations: Relations) -> Refused | None:
    """The index that leads with just the columns of the scan's filter, where there is one."""
    plan = explained.plan
    keys = keys_for(scan.conditions, scan.node, scan.table, relations)
    index = next((index for index in relations.indexes(scan.table) if is_served_by(index, keys)), None)
    other = _taking(index, explained, _SEQSCAN_OFF) if index else None
    if index is None or plan is None or (explained.alternatives and other is None):
        return None
    evidence: dict[str, Scalar] = {"index": index.qualified}
    reasons: list[str] = []
    if other and not any(node.is_disabled or node.total_cost >= _FORBIDDEN_COST for node in other.nodes()):
        before, after = plan.root.total_cost, other.root.total_cost
        evidence |= {"cost": before, "cost_with_index": after}
        reasons.append(f"the planner reckons {after:,.0f} with it and {before:,.0f} without")
    # What is read in parallel is read once by all processes, whatever the loops say.
    expected = rows_expected(scan.node, parents(plan)) * (1.0 if scan.node.is_parallel_aware else scan.loops)
    fixes: tuple[Fix, ...] = ()
    if expected > _MISESTIMATE * max(scan.kept_rows, 1.0):
        reasons.append(f"it expected {rows(expected)}")
        evidence["expected_rows_count"] = round(expected)
    elif _taking(index, explained, _SSD):
        cost = plan.settings.get("random_page_cost", "4")
        reasons.append(f"a page out of order counts as {cost} in order (random_page_cost), and at 1.1 it would take it")
        title = f"if the data is in memory or on SSDs, set random_page_cost to 1.1: it is {cost}"
        fixes = (Fix(title=title, applicability="manual"),)
    elif scan.kept_ratio >= _SELECTIVE:
        reasons.append(f"low selectivity, for {percent(scan.kept_ratio)} of the rows it may well be right")
    reason = ": ".join(reasons) or "the planner did not take it"
    return Refused(index=index, keys=keys, reason=reason, evidence=evidence, fixes=fixes)


def _taking(index: Index, explained: Explained, setting: str) -> Plan | None:
    """The plan under this setting, where it searches by the index."""
    plans: Iterable[Plan] = (each.plan for each in explained.alternatives if each.setting.startswith(setting))
    return next((plan for plan in plans if _searches(plan, index)), None)


def _searches(plan: Plan, index: Index) -> bool:
    return any(node.index_name == index.name and node.index_cond for node in plan.nodes())
