"""How findings about plans name statements, nodes and figures."""

from __future__ import annotations

from dbaudit.checks._words import listed
from dbaudit.checks.plan._scans import Scan
from dbaudit.facts.plan import PlanNode
from dbaudit.facts.statement import Statement
from dbaudit.finding import Scalar, Subject
from dbaudit.units import count, milliseconds


def about(statement: Statement, column: str = "") -> Subject:
    """The statement as the subject of a finding: its given name, or what survives a moved line."""
    return Subject(kind="statement", name=statement.name or statement.identity, column=column)


def node_name(node: PlanNode) -> str:
    """A node as EXPLAIN's text format heads it: "Index Scan using orders_pkey on orders o"."""
    name = node.node_type
    if node.index_name:
        name += f" using {node.index_name}" if node.relation else f" on {node.index_name}"
    source = node.relation or node.cte_name
    if source:
        name += f" on {source}"
        if node.alias and node.alias != source:
            name += f" {node.alias}"
    return name


def rows(number: float) -> str:
    """A number of rows for a reader: "1 row", "12,345 rows"."""
    return count(round(number), "row")


def columns_of(scan: Scan) -> str:
    """The columns in the scan's filter, for a reader; "expressions" where it has none that we can name."""
    own = ("", scan.node.alias)
    names = dict.fromkeys(
        each.column for condition in scan.conditions for each in condition.columns if each.alias in own
    )
    return listed(list(names)) or "an expression"


def spent(scan: Scan) -> str:
    """What the scan took, as the end of a sentence; nothing where it was not timed."""
    if scan.time_ms is None or scan.time_ratio is None:
        return ""
    return f", {milliseconds(scan.time_ms)} and {percent(scan.time_ratio)} of the statement's time"


def scan_evidence(scan: Scan) -> dict[str, Scalar]:
    """The figures of a scan: its time where it was timed, else the planner's cost."""
    evidence: dict[str, Scalar] = {
        "node": node_name(scan.node),
        "read_rows_count": round(scan.read_rows or 0),
        "kept_rows_count": round(scan.kept_rows),
        "loops_count": round(scan.loops),
    }
    if scan.time_ms is None:
        return evidence | {"cost": scan.node.total_cost}
    return evidence | {"time_ms": round(scan.time_ms, 3), "time_ratio": round(scan.time_ratio or 0.0, 4)}


def percent(ratio: float) -> str:
    """A share for a reader, never rounded to all of it: "0.3 %", "42 %", "99.7 %"."""
    shown = ratio * 100
    return f"{min(shown, 99.9):.1f} %" if shown < 1 or 99 < shown < 100 else f"{shown:.0f} %"


def kilobytes(number: float) -> str:
    """Kilobytes for a reader: "640 kB", "12 MB"."""
    return f"{number:,.0f} kB" if number < 1024 else f"{number / 1024:,.0f} MB"
