"""A fix carried out on a copy of the database, and its statement timed there with and without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dbaudit.advisor.definitions import makes_index
from dbaudit.errors import AuditError
from dbaudit.facts import Facts
from dbaudit.facts.rewrite import Rewrite
from dbaudit.facts.statement import Explained, Statement, ValueSet
from dbaudit.finding import Finding, Fix, Proof
from dbaudit.sources.postgres.prove_on import Comparison, Copy, Runnable, Timed
from dbaudit.units import size

# A copy on which the planner expects less than this part of the cost is smaller than what is audited.
_LEAST_COST_RATIO = 0.5
# On a smaller copy, what takes less is over before a fix could show.
_LONG_MS = 10.0
# So many statements are named in a note about all of them.
_MOST_NAMES = 3


class MeasuredTrial:
    """Times what makes an index, and what is another way to write a statement.

    `statements` are those that were explained, with the values that were given for their parameters. What cannot be
    measured, and what is over too soon on a smaller copy to tell, is left to the next trial; `notes` say so.
    """

    def __init__(self, copy: Copy, statements: Sequence[Statement], facts: Facts) -> None:
        self._copy = copy
        self._statements = {statement.name or statement.identity: statement for statement in statements}
        self._costs = {
            row.statement.identity: row.plan.root.total_cost for row in facts.get(Explained) if row.plan
        }
        self._rewrites = {
            (each.statement.name or each.identity, each.statement.text): each for each in facts.get(Rewrite)
        }
        self._runnable: dict[str, Runnable | str] = {}
        self._known: dict[tuple, Proof | None] = {}
        self._notes: dict[str, list[str]] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        """What was not measured, and why, in sentences without an end, the same reason once."""
        return tuple(f"{_named(labels)}: {reason}" for reason, labels in self._notes.items())

    def __call__(self, finding: Finding, fix: Fix) -> Fix | None:
        """The fix with its times; without its statements where it brings nothing. None where that cannot be told."""
        definitions = tuple(text for text in fix.statements if makes_index(text))
        rewrite = self._rewrites.get((finding.subject.name, fix.rewrite)) if fix.rewrite else None
        statement = self._statements.get(finding.subject.name) if finding.subject.kind == "statement" else None
        if statement is None or not (definitions or rewrite):
            return None
        key = (statement.identity, definitions, fix.rewrite)
        if key not in self._known:
            self._known[key] = self._measured(statement, definitions, rewrite)
        proof = self._known[key]
        if proof is None or proof.helps:
            return proof and replace(fix, proof=proof)
        return replace(fix, proof=proof, statements=(), undo=(), lock="", rewrite="", remark="")

    def _measured(self, statement: Statement, definitions: Sequence[str], rewrite: Rewrite | None) -> Proof | None:
        try:
            runnable = self._ready(statement)
            if definitions:
                compared = self._copy.build(definitions, runnable)
            else:
                compared = self._copy.compare(runnable, self._rewritten(statement, rewrite, runnable))
        except AuditError as error:
            self._note(statement, f"not measured on the copy: {error}")
            return None
        proof = self._proof(compared, runnable.called, builds=bool(definitions))
        is_smaller = runnable.plan.root.total_cost < _LEAST_COST_RATIO * self._costs.get(statement.identity, 0.0)
        if is_smaller and not (proof.helps and proof.before >= _LONG_MS):
            self._note(statement, "has so little to read on the copy that its time there tells nothing")
            return None
        return proof

    def _ready(self, statement: Statement) -> Runnable:
        if statement.identity not in self._runnable:
            try:
                self._runnable[statement.identity] = self._copy.runnable(statement)
            except AuditError as error:
                self._runnable[statement.identity] = str(error)
        ready = self._runnable[statement.identity]
        if isinstance(ready, str):
            raise AuditError(ready)
        return ready

    def _rewritten(self, statement: Statement, rewrite: Rewrite, original: Runnable) -> Runnable:
        """The rewrite with the values that its original is timed with."""
        if rewrite.statement.parameters != statement.parameters:
            raise AuditError("what it would be has other parameters")
        values = ValueSet(name="", values=original.named(statement))
        return self._copy.runnable(replace(rewrite.statement, value_sets=(values,) if original.values else ()))

    def _proof(self, compared: Comparison, called: str, *, builds: bool) -> Proof:
        before, after = compared.before, compared.after
        if builds and not compared.is_used:
            detail = "on the copy: the planner does not take the index"
            return Proof(method="measured", before=before.ms, after=before.ms, server=self._copy.server, detail=detail)
        parts = [_runs(before) + (f" ({called})" if called else ""), _cut(before, after), _blocks(before, after)]
        if builds:
            parts += [f"the index takes {size(compared.size_bytes)}", _price(compared.insert_us)]
        return Proof(
            method="measured",
            before=before.ms,
            after=after.ms,
            server=self._copy.server,
            detail="; ".join(part for part in parts if part),
        )

    def _note(self, statement: Statement, reason: str) -> None:
        labels = self._notes.setdefault(reason, [])
        if statement.label not in labels:
            labels.append(statement.label)


def _named(labels: Sequence[str]) -> str:
    more = f" and {len(labels) - _MOST_NAMES:,} more" if len(labels) > _MOST_NAMES else ""
    return ", ".join(labels[:_MOST_NAMES]) + more


def _runs(timed: Timed) -> str:
    return f"by the medians of {timed.runs} interleaved runs on the copy" if timed.runs > 1 else "by one run each on the copy"


def _cut(before: Timed, after: Timed) -> str:
    when = {(True, True): "both ways", (True, False): "as it is now", (False, True): "with the fix"}
    cut = (before.was_cut, after.was_cut)
    return f"cancelled at that time, {when[cut]}" if any(cut) else ""


def _blocks(before: Timed, after: Timed) -> str:
    """What it read, where it came to an end."""
    read = [f"{timed.blocks:,}" for timed in (before, after) if not timed.was_cut]
    return f"{' → '.join(read)} blocks" if read else ""


def _price(insert_us: float | None) -> str:
    if insert_us is None:
        return "what it costs writes could not be tried"
    return f"an INSERT takes {insert_us:.1f} µs more per row" if insert_us >= 0.05 else "no INSERT was slower for it"
