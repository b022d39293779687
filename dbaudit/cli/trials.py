"""Trials of fixes for a live server: a twin of what they touch, made when the first of them is to be tried."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from dbaudit.cli.options import Output
from dbaudit.facts import Facts
from dbaudit.facts.catalog import ForeignKey, Table
from dbaudit.facts.statement import Explained
from dbaudit.sources.postgres.session import Session

if TYPE_CHECKING:
    from dbaudit.advisor.proof import Trial
    from dbaudit.finding import Finding, Fix
    from dbaudit.lab.whatif import WhatIf


def index_trial(session: Session, facts: Facts, pg_bin: Path | None, stack: ExitStack, output: Output) -> Trial:
    """Tries indexes in a twin of the relations that the statements touch, or that have foreign keys. The server is asked
    for its statistics, once. The twin ends with `stack`."""
    made: list[Trial] = []

    def open_whatif() -> WhatIf:
        from dbaudit.cli.twins import open_twin
        from dbaudit.lab.whatif import WhatIf
        from dbaudit.sources.postgres.snapshot import take

        snapshot = take(session, tables=_touched(facts))
        return stack.enter_context(WhatIf(stack.enter_context(open_twin(snapshot, pg_bin, output))))

    def trial(finding: Finding, fix: Fix) -> Fix | None:
        if not any("INDEX" in text for text in fix.statements):
            return None
        if not made:
            from dbaudit.advisor.indexes import IndexTrial

            made.append(IndexTrial(open_whatif, facts))
        return made[0](finding, fix)

    return trial


def _touched(facts: Facts) -> list[str]:
    """Patterns that mean each table of the plans, and each referencing one."""
    names = {
        (node.schema, node.relation)
        for row in facts.get(Explained)
        for each in (row, *row.variants)
        if each.plan
        for node in each.plan.nodes()
        if node.relation and node.schema
    }
    referencing = {key.table_oid for key in facts.get(ForeignKey)}
    names |= {(table.schema, table.name) for table in facts.get(Table) if table.oid in referencing}
    return [f"{_quoted(schema)}.{_quoted(name)}" for schema, name in sorted(names)]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
