"""An index that a fix would make, tried in a twin or by hypopg: does the planner expect its statement to be cheaper?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from dbaudit.advisor.definitions import makes_index
from dbaudit.advisor.rewrites import comparable
from dbaudit.errors import AuditError, ServerGone
from dbaudit.facts import Facts
from dbaudit.facts.plan import Plan
from dbaudit.facts.statement import Explained, Statement
from dbaudit.finding import Finding, Fix, Proof
from dbaudit.lab.whatif import Candidate, WhatIf
from dbaudit.sources import sqlfile
from dbaudit.sources.postgres.explain import Gate
from dbaudit.sources.postgres.hypopg import Hypopg, Hypothetical
from dbaudit.units import size

_FOREIGN_KEY = "IDX001"


class IndexTrial:
    """Plans a finding's statement without and with the index; for a foreign key, the look-up that a DELETE of a
    referenced row makes. Nothing is run, and for a twin the audited server is asked for nothing.

    `opening` gives the twin, or hypopg, and is asked once, when there is something to try. At most `most` fixes are tried.
    `reason` is why nothing could be, in the reader's words.
    """

    def __init__(self, opening: Callable[[], WhatIf | Hypopg], facts: Facts, *, timeout_ms: int = 30_000, most: int = 200) -> None:
        self._opening = opening
        self._statements = {
            row.statement.name or row.statement.identity: row.statement for row in facts.get(Explained) if row.plan
        }
        self._timeout_ms = timeout_ms
        self._left = most
        self._whatif: WhatIf | Hypopg | None = None
        self._gate: Gate | None = None
        self._costs: dict[str, Plan | None] = {}
        self._candidates: dict[str, Candidate | Hypothetical | None] = {}
        self.reason = ""

    def __call__(self, finding: Finding, fix: Fix) -> Fix | None:
        """The fix with what its indexes bring; without them where the planner would not use them, or gain nothing. Where
        the role may not see the statistics nothing is proven.

        None for a fix that makes no index, or not one that can be tried, or whose statement is not known. Raises ServerGone
        where the audited server is lost; that a twin is lost is the `reason`.
        """
        definitions = [text for text in fix.statements if makes_index(text)]
        statement = self._statement_of(finding)
        if not definitions or statement is None or self.reason or self._left <= 0:
            return None
        self._left -= 1
        try:
            proof = self._tried(statement, definitions)
        except AuditError as error:
            if isinstance(error, ServerGone) and (self._whatif is None or self._whatif.is_audited):
                raise
            self.reason = str(error)
            return None
        if proof is None or proof.helps:
            return proof and replace(fix, proof=proof)
        return replace(fix, proof=proof, statements=(), undo=(), lock="")

    def _tried(self, statement: Statement, definitions: list[str]) -> Proof | None:
        gate, whatif = self._ready()
        candidates = [self._created(whatif, definition) for definition in definitions]
        if None in candidates or any(map(whatif.is_blind, definitions)):
            return None
        key = statement.identity
        if key not in self._costs:
            self._costs[key] = comparable(gate.explain(statement))
        before = self._costs[key]
        with whatif.showing(candidate for candidate in candidates if candidate):
            after = comparable(gate.explain(statement)) if before else None
        if before is None or after is None:
            return None
        bytes_ = sum(candidate.size_bytes for candidate in candidates if candidate)
        has_expression = any(candidate.has_expression for candidate in candidates if candidate)
        guess = "; its expression has no statistics before the next ANALYZE, and may serve better" if has_expression else ""
        proof = Proof(
            method="cost",
            before=before.root.total_cost,
            after=after.root.total_cost,
            server=f"{whatif.name}, PostgreSQL {self._version}",
            detail=f"{whatif.how} with PostgreSQL {self._version}; the index {whatif.takes} {size(bytes_)}{guess}",
        )
        # That the planner takes an expression for what it takes any disproves nothing.
        return None if has_expression and not proof.helps else proof

    def _ready(self) -> tuple[Gate, WhatIf | Hypopg]:
        if self._gate is None or self._whatif is None:
            self._whatif = self._opening()
            session = self._whatif.session()
            self._version = session.server.version
            self._gate = Gate(session, analyze=False, timeout_ms=self._timeout_ms)
        return self._gate, self._whatif

    def _created(self, whatif: WhatIf | Hypopg, definition: str) -> Candidate | Hypothetical | None:
        if definition not in self._candidates:
            try:
                self._candidates[definition] = whatif.create(definition)
            except ServerGone:
                raise
            except AuditError:
                self._candidates[definition] = None
        return self._candidates[definition]

    def _statement_of(self, finding: Finding) -> Statement | None:
        if finding.code != _FOREIGN_KEY:
            return self._statements.get(finding.subject.name) if finding.subject.kind == "statement" else None
        columns = finding.subject.column.split(", ")
        condition = " and ".join(f"{column} = ${number}" for number, column in enumerate(columns, start=1))
        text = f"select 1 from {finding.subject.name} where {condition}"
        return next(iter(sqlfile.split(text, finding.subject.name)), None)
