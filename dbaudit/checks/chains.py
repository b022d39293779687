"""Findings about one statement that explain each other, made one: the root cause, with what follows from it.

A finding is drawn into another only where they have the same cause. Its fixes stay, behind those of the root, and the
worst severity of the chain is the root's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dbaudit.checks.plan._causes import Causes
from dbaudit.facts import Facts
from dbaudit.facts.statement import Explained
from dbaudit.finding import Finding

# In which order it is told what follows from a cause; what the text alone made suspect comes first.
_IN_TURN = ("PLN001", "PLN002", "PLN009", "PLN004", "PLN005", "PLN020")


def chained(findings: Sequence[Finding], facts: Facts) -> list[Finding]:
    """The findings, those of a statement that follow from another in its `chain`. None is lost."""
    explained = {row.statement.name or row.statement.identity: row for row in facts.get(Explained)}
    groups: dict[str, list[Finding]] = {}
    result = []
    for finding in findings:
        is_about_plan = finding.subject.kind == "statement" and finding.subject.name in explained
        (groups.setdefault(finding.subject.name, []) if is_about_plan else result).append(finding)
    for name, group in groups.items():
        result += _roots(explained[name], group) if len(group) > 1 else group
    return result


def _roots(explained: Explained, findings: Sequence[Finding]) -> list[Finding]:
    causes = Causes(explained, findings).told()
    return [
        _with(root, [findings[each] for each, cause in causes.items() if cause == number])
        for number, root in enumerate(findings)
        if number not in causes
    ]


def _with(root: Finding, chain: list[Finding]) -> Finding:
    if not chain:
        return root
    chain.sort(key=lambda each: _IN_TURN.index(each.code) if each.code in _IN_TURN else -1)
    fixes = [*root.fixes, *(fix for each in chain for fix in each.fixes)]
    severity = max(each.severity for each in (root, *chain))
    return replace(root, chain=tuple(chain), fixes=tuple(dict.fromkeys(fixes)), severity=severity)
