"""Runs checks on facts and says what they found, in order, and what could not be asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dbaudit.checks.registry import Check
from dbaudit.facts import Facts
from dbaudit.facts.server import Server
from dbaudit.finding import Finding, Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A check that could not be asked, in whole or about one subject, and why."""

    code: str
    name: str
    reason: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What an audit came to. `failure` is why it could not be finished: what was found until then is still in it.

    `notes` are plain sentences about how far the audit reaches, such as that a database is nearly empty.
    """

    command: str
    facts: Facts
    checks_run: tuple[Check, ...]
    findings: tuple[Finding, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    suppressed: int = 0
    notes: tuple[str, ...] = ()
    failure: str = ""
    interrupted: bool = False

    @property
    def target(self) -> Server | None:
        return next(iter(self.facts.get(Server)), None)


def audit(
    *,
    command: str,
    facts: Facts,
    checks: Iterable[Check],
    options: Mapping[str, Any] | None = None,
    notes: tuple[str, ...] = (),
    failure: str = "",
    interrupted: bool = False,
    locator: Callable[[Facts], Callable[[Finding], Finding]] | None = None,
) -> Report:
    """Asks each check whose facts are there; the others are recorded as skipped, with the reason.

    `options` are thresholds by a check's code, in place of its own defaults. What `locator` returns gives a finding about
    a plan its place in the statement's text. Findings of a statement that explain each other are one.
    """
    findings: list[Finding] = []
    skipped: dict[Skipped, None] = {}
    run: list[Check] = []
    for check in checks:
        lacking = next((missing for kind in check.needs if (missing := facts.missing(kind))), None)
        if lacking:
            skipped[Skipped(code=check.code, name=check.name, reason=lacking.reason, remedy=lacking.remedy)] = None
            continue
        run.append(check)
        for verdict in check.verdicts(facts, (options or {}).get(check.code)):
            if isinstance(verdict, Unknown):
                skipped[_skip(check, verdict)] = None
            else:
                findings.append(verdict)
    if any(finding.in_plan for finding in findings):
        findings = _of_statements(findings, facts, locator)
    return Report(
        command=command,
        facts=facts,
        checks_run=tuple(run),
        findings=tuple(sorted(findings, key=_worst_first)),
        skipped=tuple(skipped),
        notes=notes,
        failure=failure,
        interrupted=interrupted,
    )


def _of_statements(
    findings: list[Finding], facts: Facts, locator: Callable[[Facts], Callable[[Finding], Finding]] | None
) -> list[Finding]:
    from dbaudit.checks.chains import chained

    return chained(list(map(locator(facts), findings)) if locator else findings, facts)


def _skip(check: Check, unknown: Unknown) -> Skipped:
    about = f"{unknown.subject.name}: " if unknown.subject else ""
    return Skipped(code=check.code, name=check.name, reason=about + unknown.reason, remedy=unknown.remedy)


def _worst_first(finding: Finding) -> tuple:
    time_ms = finding.evidence.get("time_ms") or 0
    size_bytes = finding.evidence.get("size_bytes") or 0
    return (-finding.severity, -time_ms, -size_bytes, finding.code, finding.subject.name, finding.subject.column)
