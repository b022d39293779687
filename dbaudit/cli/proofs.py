"""The stage between an audit and its report: the fixes are tried."""

from __future__ import annotations

from dataclasses import replace

from dbaudit.advisor.proof import Trial, proven
from dbaudit.engine import Report
from dbaudit.errors import ServerGone


def with_proofs(report: Report, *trials: Trial) -> Report:
    """The report with what came of trying its fixes. Where Ctrl-C or the server ends it, the rest stays unproven; where
    something cannot be tried, a note says why."""
    findings = []
    interrupted = report.interrupted
    try:
        for finding in proven(report.findings, trials):
            findings.append(finding)
    except KeyboardInterrupt:
        interrupted = True
    except ServerGone as gone:
        report = replace(report, failure=report.failure or str(gone))
    reasons = [trial.reason for trial in trials if getattr(trial, "reason", "")]
    not_measured = [note for trial in trials for note in getattr(trial, "notes", ())]
    return replace(
        report,
        findings=(*findings, *report.findings[len(findings) :]),
        notes=(*report.notes, *not_measured, *(f"indexes are not tried: {reason}" for reason in reasons)),
        interrupted=interrupted,
    )
