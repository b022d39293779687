"""The report for machines: one JSON object. Its schema is docs/report.schema.json, and its version only grows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from dbaudit import __version__
from dbaudit.engine import Report, Skipped
from dbaudit.facts.activity import Slots
from dbaudit.facts.budget import PoolUse
from dbaudit.facts.server import Server
from dbaudit.facts.statement import Explained
from dbaudit.finding import Finding, Fix, Proof, Severity
from dbaudit.report import budget, slots, statements
from dbaudit.report.deep_json import dumps
from dbaudit.report.spans import span_json
from dbaudit.report.summary import check_names, severity_counts

VERSION = 1


def render(report: Report, *, exit_code: int) -> str:
    """The report as one line of JSON, which is what Python writes fast. It carries the command's exit code."""
    return "".join(pieces(report, exit_code=exit_code))


def pieces(report: Report, *, exit_code: int) -> Iterator[str]:
    """The same text bit by bit: of thousands of statements, each with its plan, only one is in memory at a time."""
    yield json.dumps(_common(report, exit_code))[:-1]
    if not report.facts.missing(Explained):
        yield ', "statements": ['
        for number, statement in enumerate(statements.as_json(report)):
            yield (", " if number else "") + dumps(statement)
        yield "]"
    if report.facts.get(Slots):
        from dbaudit.report import sessions

        yield f', "slots": {json.dumps(slots.as_json(report.facts))}'
        yield f', "sessions": {json.dumps(sessions.as_json(report.facts))}'
    if not report.facts.missing(PoolUse):
        yield f', "budget": {json.dumps(budget.as_json(report.facts))}'
    yield "}\n"


def as_json(report: Report, exit_code: int) -> dict[str, Any]:
    """The report as plain values, in the order of the schema."""
    return json.loads(render(report, exit_code=exit_code))


def _common(report: Report, exit_code: int) -> dict[str, Any]:
    """What every command reports."""
    names = check_names(report)
    counts = severity_counts(report)
    return {
        "version": VERSION,
        "tool": {"name": "dbaudit", "version": __version__},
        "command": report.command,
        "target": _target(report.target),
        "summary": {
            **{str(severity): counts[severity] for severity in (Severity.ERROR, Severity.WARNING, Severity.INFO)},
            "suppressed": report.suppressed,
            "skipped": len(report.skipped),
            "exit_code": exit_code,
        },
        "failure": report.failure or None,
        "notes": list(report.notes),
        "findings": [_finding(finding, names) for finding in report.findings],
        "skipped": [_skipped(skip) for skip in report.skipped],
        "checks_run": [check.code for check in report.checks_run],
    }


def _target(server: Server | None) -> dict[str, Any] | None:
    if server is None:
        return None
    return {
        "server_version": server.version,
        "database": server.database,
        "host": server.host,
        "port": server.port,
        "user": server.user,
    }


def _finding(finding: Finding, names: Mapping[str, str]) -> dict[str, Any]:
    subject, name = finding.subject, names[finding.code]
    return {
        "code": finding.code,
        "name": name,
        "severity": str(finding.severity),
        "confidence": str(finding.confidence),
        "subject": {"kind": subject.kind, "name": subject.name, "column": subject.column or None},
        "message": finding.message,
        "evidence": dict(finding.evidence),
        "fixes": [_fix(fix) for fix in finding.fixes],
        "proof": _proof(finding.proof),
        "span": span_json(finding.span),
        "fingerprint": finding.fingerprint,
        "url": f"docs/checks/{name}.md",
        "chain": [_finding(each, names) for each in finding.chain],
    }


def _fix(fix: Fix) -> dict[str, Any]:
    return {
        "title": fix.title,
        "statements": list(fix.statements),
        "applicability": fix.applicability,
        "lock": fix.lock or None,
        "in_transaction": fix.in_transaction,
        "undo": list(fix.undo),
        "rewrite": fix.rewrite or None,
        "remark": fix.remark or None,
        "proof": _proof(fix.proof),
    }


def _proof(proof: Proof | None) -> dict[str, Any] | None:
    if proof is None:
        return None
    return {
        "method": proof.method,
        "before": proof.before,
        "after": proof.after,
        "server": proof.server,
        "detail": proof.detail or None,
    }


def _skipped(skip: Skipped) -> dict[str, Any]:
    return {"code": skip.code, "name": skip.name, "reason": skip.reason, "remedy": skip.remedy or None}
