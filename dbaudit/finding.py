"""What an audit says: a finding, where it is, what to do about it, and how we know."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

Scalar = str | int | float | bool | None


class Severity(IntEnum):
    """How much a finding hurts: INFO is worth knowing, WARNING costs time or money now, ERROR will hurt or does."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    def __str__(self) -> str:
        return self.name.lower()


class Confidence(IntEnum):
    """How sure a check is of what it claims. A heuristic says LOW."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a finding is about, in PostgreSQL's words.

    `kind` is "table", "index", "constraint", "statement", "backend", "server" and the like. `name` is quoted and
    schema-qualified as the server prints it, and never contains an oid or a process id.
    """

    kind: str
    name: str
    column: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A place in a file. Lines and columns are 1-based; columns count characters; the end is exclusive."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """A change that would mend a finding. dbaudit never runs it on the audited server.

    `statements` are complete SQL statements, each ending in a semicolon, or empty where the change is not SQL.
    `applicability` is "safe" (loses nothing), "unsafe" (may lose something, which the title names) or "manual"
    (a person must decide or rewrite). `lock` is the strongest table lock in PostgreSQL's words, such as
    ShareUpdateExclusiveLock. `undo` is the exact DDL that brings back the state before.
    `rewrite` is the whole statement of the application as it would be, with the placeholders of its file, and `remark`
    what the application does otherwise then. `proof` is what came of trying the fix; None where it was not tried.
    """

    title: str
    statements: tuple[str, ...] = ()
    applicability: str = "safe"
    lock: str = ""
    in_transaction: bool = True
    undo: tuple[str, ...] = ()
    rewrite: str = ""
    remark: str = ""
    proof: Proof | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What came of trying a fix: planner cost ("cost") or milliseconds ("measured"), before and after, on which server.

    Only where `helps` is it evidence for the fix; else it was tried, and is no better. `detail` says under which
    conditions the figures hold.
    """

    method: str
    before: float
    after: float
    server: str
    detail: str = ""

    @property
    def helps(self) -> bool:
        """Whether it got better by more than what its figures are worth: one hundredth of a cost, a tenth of a time."""
        return self.after < (0.9 if self.method == "measured" else 0.99) * self.before


class Part(StrEnum):
    """What of a statement's text a finding about its plan stems from."""

    CONDITION = "condition"
    RELATION = "relation in FROM"
    SORT = "ORDER BY or GROUP BY"
    WALK = "ORDER BY of the scan's query"
    OFFSET = "OFFSET"
    SUBQUERY = "subquery"
    CTE = "WITH query"
    STATEMENT = "statement"


@dataclass(frozen=True, slots=True, kw_only=True)
class InPlan:
    """Where a finding is in its statement's plan, and what of the text to look for: its Span is found by that.

    `nodes` are numbers of nodes in EXPLAIN's order, the root being 0; the first is what it is about. `expressions` are
    conjuncts, sort keys or group keys as the server deparsed them, and `relation` the name in FROM, unquoted, of what
    the node scans a part of. `is_unexpected` says that the planner did not count on what was found.
    """

    nodes: tuple[int, ...]
    part: Part = Part.STATEMENT
    expressions: tuple[str, ...] = field(default=(), repr=False)
    relation: str = ""
    is_unexpected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fault, its numbers and its fixes.

    `evidence` holds raw scalars under keys that end in their unit: `_bytes`, `_ms`, `_ratio`, `_count`. Two keys rank a
    finding among those of its severity: `time_ms` (what it costs each time it happens), then `size_bytes`.
    `discriminator` tells apart findings of one check on one subject; it must survive a restore, a reindex and an
    upgrade. `proof` is the first fix's, where it helps. `chain` are the findings that this one explains, in the order in
    which one follows from the other.
    """

    code: str
    subject: Subject
    message: str
    severity: Severity
    span: Span | None = None
    evidence: Mapping[str, Scalar] = field(default_factory=dict)
    fixes: tuple[Fix, ...] = ()
    proof: Proof | None = None
    confidence: Confidence = Confidence.HIGH
    discriminator: str = ""
    in_plan: InPlan | None = None
    chain: tuple[Finding, ...] = ()

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that stay the same while the fault does: code and names only, never figures."""
        identity = (self.code, self.subject.kind, self.subject.name, self.subject.column, self.discriminator)
        return hashlib.sha256("\x1f".join(identity).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """What a check yields where it cannot tell: a reason in the reader's words, and what would let it tell."""

    reason: str
    remedy: str = ""
    subject: Subject | None = None
