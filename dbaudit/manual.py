"""The manual pages of the checks, as they are shown and as they stand in docs/checks/."""

from __future__ import annotations

from collections.abc import Iterable

from dbaudit.checks.registry import Check


def page(check: Check) -> str:
    """One check's manual page, in Markdown."""
    body = check.manual.partition("\n")[2].strip()
    more = f" Knows more with: {_names(uses)}." if (uses := check.uses()) else ""
    needs = f"Severity: {check.severity}. Needs: {_names(check.needs)}.{more}"
    head = f"# {check.code} {check.name}\n\n{check.title}\n\n{needs}\n"
    return f"{head}\n{body}\n"


def _names(kinds: Iterable[type]) -> str:
    return ", ".join(kind.__name__ for kind in kinds)


def catalog(checks: Iterable[Check]) -> str:
    """One line a check: code, name, severity, title."""
    rows = [(check.code, check.name, str(check.severity), check.title) for check in checks]
    width = max((len(row[1]) for row in rows), default=0)
    return "".join(f"{code}  {name:<{width}}  {severity:<7}  {title}\n" for code, name, severity, title in rows)


def index(checks: Iterable[Check]) -> str:
    """The list of all pages, in Markdown."""
    rows = "".join(f"| [{check.code}]({check.name}.md) | {check.name} | {check.title} |\n" for check in checks)
    return f"# The checks\n\n| code | name | what |\n|---|---|---|\n{rows}"
