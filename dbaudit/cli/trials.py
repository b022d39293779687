"""Trials of indexes: in a twin that is made when the first of them is to be tried."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dbaudit.cli.choices import Output
from dbaudit.facts import Facts
from dbaudit.facts.catalog import ForeignKey, Table
from dbaudit.facts.snapshot import Snapshot
from dbaudit.facts.statement import Explained
from dbaudit.sources.postgres.session import Session

if TYPE_CHECKING:
    from dbaudit.advisor.indexes import IndexTrial
    from dbaudit.finding import Finding, Fix
    from dbaudit.lab.whatif import WhatIf

Opening = Callable[[], "WhatIf"]


class IndexTrials:
    """Tries what makes an index, and imports and opens nothing before there is such a fix.

    Where the `audited` session has hypopg that goes first. A twin is for all else, and has the last word on what does not
    help: it knows better how large an index is.
    """

    def __init__(self, opening: Opening, facts: Facts, audited: Session | None = None) -> None:
        self._opening = opening
        self._facts = facts
        self._audited = audited
        self._trials: list[IndexTrial] = []

    @property
    def reason(self) -> str:
        """Why nothing could be tried, or empty."""
        return self._trials[-1].reason if self._trials else ""

    def __call__(self, finding: Finding, fix: Fix) -> Fix | None:
        if not any("INDEX" in text for text in fix.statements):
            return None
        if not self._trials:
            self._trials = self._made()
        found = None
        for trial in self._trials:
            found = trial(finding, fix) or found
            if found and found.proof and found.proof.helps:
                break
        return found

    def _made(self) -> list[IndexTrial]:
        from dbaudit.advisor.indexes import IndexTrial
        from dbaudit.sources.postgres.hypopg import installed

        hypopg = installed(self._audited) if self._audited else None
        engines = [lambda: hypopg] if hypopg else []
        return [IndexTrial(opening, self._facts) for opening in (*engines, self._opening)]


def of_server(session: Session, facts: Facts, pg_bin: Path | None, stack: ExitStack, output: Output) -> Opening:
    """A twin of the relations that the statements touch, or that have foreign keys: the server is asked for its
    statistics, once. The twin ends with `stack`."""

    def opening() -> WhatIf:
        from dbaudit.sources.postgres.snapshot import take

        # A proof names its server. What else the twin of a live server lacks is for who asks for more.
        told = replace(output, quiet=output.quiet or not output.verbose)
        return of_snapshot(take(session, tables=_touched(facts)), pg_bin, stack, told)()

    return opening


def of_snapshot(snapshot: Snapshot, pg_bin: Path | None, stack: ExitStack, output: Output) -> Opening:
    """A twin of the snapshot, which ends with `stack`."""

    def opening() -> WhatIf:
        from dbaudit.cli.twins import open_twin
        from dbaudit.lab.whatif import WhatIf

        return stack.enter_context(WhatIf(stack.enter_context(open_twin(snapshot, pg_bin, output))))

    return opening


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
