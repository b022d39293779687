"""The report for machines: one JSON object. Its schema is docs/report.schema.json, and its version only grows."""

from __future__ import annotations

import json
from typing import Any

from dbaudit import __version__
from dbaudit.engine import Report, Skipped
from dbaudit.facts.activity import Slots
from dbaudit.facts.budget import PoolUse
from dbaudit.facts.server import Server
from dbaudit.facts.statement import Explained
from dbaudit.finding import Finding, Fix, Proof, Severity
from dbaudit.report import budget, slots, statements
from dbaudit.report.spans import span_json
from dbaudit.report.summary import check_names, severity_counts

VERSION = 1


def render(report: Report, *, exit_code: int) -> str:
    """The report as one line of JSON, which is what Python writes fast. It carries the command's exit code."""
    return json.dumps(as_json(report, exit_code)) + "\n"


def as_json(report: Report, exit_code: int) -> dict[str, Any]:
    """The report as plain values, in the order of the schema."""
    names = check_names(report)
    counts = severity_counts(report)
    result: dict[str, Any] = {
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
        "findings": [_finding(finding, names[finding.code]) for finding in report.findings],
        "skipped": [_skipped(skip) for skip in report.skipped],
        "checks_run": [check.code for check in report.checks_run],
    }
    if not report.facts.missing(Explained):
        result["statements"] = statements.as_json(report)
    if report.facts.get(Slots):
        result["slots"] = slots.as_json(report.facts)
    if not report.facts.missing(PoolUse):
        result["budget"] = budget.as_json(report.facts)
    return result


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


def _finding(finding: Finding, name: str) -> dict[str, Any]:
    subject = finding.subject
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
    }


def _fix(fix: Fix) -> dict[str, Any]:
    return {
        "title": fix.title,
        "statements": list(fix.statements),
        "applicability": fix.applicability,
        "lock": fix.lock or None,
        "in_transaction": fix.in_transaction,
        "undo": list(fix.undo),
    }


def _proof(proof: Proof | None) -> dict[str, Any] | None:
    if proof is None:
        return None
    return {"method": proof.method, "before": proof.before, "after": proof.after, "server": proof.server}


def _skipped(skip: Skipped) -> dict[str, Any]:
    return {"code": skip.code, "name": skip.name, "reason": skip.reason, "remedy": skip.remedy or None}
