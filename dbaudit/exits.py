"""The exit codes of every command, and the one place that decides between them."""

from __future__ import annotations

from enum import IntEnum

from dbaudit.engine import Report
from dbaudit.finding import Severity


class Exit(IntEnum):
    CLEAN = 0
    FINDINGS = 1
    FAILED = 2
    INTERRUPTED = 130


def of_report(report: Report, *, fail_on: Severity, exit_zero: bool = False) -> Exit:
    """The exit code a finished audit answers with.

    An audit that could not be finished, or in which no check could be asked, is FAILED whatever it found until then;
    `exit_zero` turns FINDINGS into CLEAN and nothing else.
    """
    if report.interrupted:
        return Exit.INTERRUPTED
    if report.failure or not report.checks_run:
        return Exit.FAILED
    if not exit_zero and any(finding.severity >= fail_on for finding in report.findings):
        return Exit.FINDINGS
    return Exit.CLEAN
