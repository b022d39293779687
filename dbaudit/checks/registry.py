"""What a check is, and how all of them are found."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from dbaudit.errors import AuditError
from dbaudit.facts import Facts
from dbaudit.finding import Finding, Severity, Unknown

# A family of codes and the folder its checks live in.
FOLDERS = {"CON": "connection", "IDX": "index", "PLN": "plan", "POL": "pool", "SQL": "sql", "TBL": "table"}

Verdicts = Iterator[Finding | Unknown]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A named fault and the function that looks for it.

    `needs` are the fact types without which it cannot be asked; `uses` tells others, with which it knows more. `options` is a NamedTuple or a frozen dataclass of thresholds whose
    defaults are those of the catalogue, or None. `manual` is its page: the docstring of its module.
    """

    code: str
    name: str
    severity: Severity
    needs: tuple[type, ...]
    options: type | None
    run: Callable[..., Verdicts]
    manual: str
    uses: Callable[[], tuple[type, ...]] = tuple

    @property
    def family(self) -> str:
        return self.code[:3]

    @property
    def title(self) -> str:
        return self.manual.partition("\n")[0]

    def verdicts(self, facts: Facts, options: Any = None) -> Verdicts:
        """What the check finds in these facts, with the given options or its own defaults."""
        if self.options is None:
            return self.run(facts)
        return self.run(facts, options or self.options())


def check(
    code: str,
    *,
    name: str,
    severity: Severity,
    needs: tuple[type, ...],
    uses: Callable[[], tuple[type, ...]] = tuple,
    options: type | None = None,
) -> Callable[[Callable[..., Verdicts]], Check]:
    """Turns a function into a Check. Its manual page is the docstring of the module it stands in."""

    def declare(run: Callable[..., Verdicts]) -> Check:
        manual = (sys.modules[run.__module__].__doc__ or "").strip()
        return Check(
            code=code, name=name, severity=severity, needs=needs, uses=uses, options=options, run=run, manual=manual
        )

    return declare


def all_checks(*families: str) -> tuple[Check, ...]:
    """Every check of the package, or of these families alone, by code."""
    found: dict[str, Check] = {}
    for folder in (FOLDERS[family] for family in families or FOLDERS):
        for module in _modules(f"dbaudit.checks.{folder}"):
            found |= {value.code: value for value in vars(module).values() if isinstance(value, Check)}
    return tuple(found[code] for code in sorted(found))


def _modules(package: str) -> Iterator[ModuleType]:
    for module_info in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
        yield importlib.import_module(module_info.name)


def matches(check: Check, term: str) -> bool:
    """Whether a term of --select or --ignore means this check: its code, the start of its code, or its name."""
    return check.code.startswith(term.upper()) or check.name == term.lower()


def choose(checks: Iterable[Check], *, select: Iterable[str] = (), ignore: Iterable[str] = ()) -> tuple[Check, ...]:
    """The checks that `select` names (all where it names none) without those that `ignore` names.

    Raises AuditError for a term that means no check at all.
    """
    checks, select, ignore = tuple(checks), tuple(select), tuple(ignore)
    for term in (*select, *ignore):
        if not term or not any(matches(check, term) for check in (*checks, *all_checks())):
            raise AuditError(f"no check is called {term!r}", "`dbaudit checks` lists them all")
    return tuple(
        check
        for check in checks
        if (not select or any(matches(check, term) for term in select))
        and not any(matches(check, term) for term in ignore)
    )
