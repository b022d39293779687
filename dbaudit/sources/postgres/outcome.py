"""What an error or a plan means for a statement, in the reader's words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from dbaudit.facts.plan import Plan, plan_from_json
from dbaudit.facts.statement import Explained, How, Kind, Refusal, Statement
from dbaudit.sources.postgres.pipeline import Answer, Failure
from dbaudit.sources.postgres.session import LOCK_TIMEOUT_MS
from dbaudit.sources.postgres.shape import first_word

LONGEST_TEXT_BYTES = 1 << 20
LONGEST_PLAN_BYTES = 16 << 20

_NEVER_SENT = {Kind.META_COMMAND: "a psql meta-command", Kind.COPY_DATA: "COPY data"}
_CANCELED = "57014"
# Data exceptions, integrity, undefined and ambiguous things, features that are not there: the statement's own fault.
_STATEMENTS_FAULT = ("0A", "20", "21", "22", "23", "26", "2B", "34", "3D", "3F", "42", "44", "P0")
_NOT_ITS_FAULT = frozenset({"42501"})
_REASONS = {
    _CANCELED: "another session canceled it",
    "55P03": f"a relation that it reads is locked by another session: given up after {LOCK_TIMEOUT_MS} ms",
    "42501": "{message}",
    "25006": "it would write: {message}",
    "53400": "it needs more than the server allows: {message}",
    "53200": "the server has not enough memory for it: {message}",
    "53100": "the server has not enough disk for it: {message}",
    "54001": "it is too complex for the server: {message}",
    "40001": "the standby needed to replay changes that conflict with it: {message}",
    "40P01": "it was the victim of a deadlock: {message}",
}


def reason_not_sent(statement: Statement) -> str:
    """Why this is not to be sent to a server at all, or empty."""
    if statement.kind is not Kind.SQL:
        return f"is {_NEVER_SENT[statement.kind]}, which is never sent to the server"
    if statement.reason_not_sql:
        return statement.reason_not_sql
    if "\0" in statement.text:
        return "has a NUL byte in it"
    try:
        size = len(statement.text.encode())
    except UnicodeEncodeError:
        return "is not valid UTF-8"
    if size > LONGEST_TEXT_BYTES:
        return f"is {size / (1 << 20):.1f} MiB long; statements up to 1 MiB are explained"
    return ""


def of_utility(statement: Statement) -> Explained:
    """What becomes of a statement that is valid and has no plan."""
    word = first_word(statement.text)
    if word in ("select", "with"):
        reason = "SELECT INTO creates a table, and is never run"
    elif word == "explain":
        reason = "begins with EXPLAIN: leave it out, dbaudit adds its own"
    elif word:
        reason = f"{statement.command or word.upper()} has no plan, and is never run"
    else:
        reason = "is empty"
    return Explained(statement=statement, how=How.NOT_RUN, reason=reason)


def of_failure_when_planned(statement: Statement, failure: Failure, *, elapsed_ms: float, limit_ms: int) -> Explained:
    """What becomes of a statement that the server would not parse or plan."""
    if failure.sqlstate == _CANCELED:
        reason = f"planning it took longer than {limit_ms} ms" if elapsed_ms >= limit_ms else _REASONS[_CANCELED]
    elif _is_statements_fault(failure.sqlstate):
        span = statement.place(failure.position) if failure.position else None
        refusal = Refusal(sqlstate=failure.sqlstate, message=failure.message, hint=failure.hint, span=span)
        return Explained(statement=statement, how=How.REJECTED, refusal=refusal)
    else:
        reason = _reason(failure, "the server failed")
    return Explained(statement=statement, how=How.NOT_RUN, reason=reason)


def of_failure_when_run(
    statement: Statement, plan: Plan, failure: Failure, *, elapsed_ms: float, limit_ms: int
) -> Explained:
    """What becomes of a statement that was planned, and failed when it was run."""
    if failure.sqlstate == _CANCELED and elapsed_ms >= limit_ms:
        return Explained(statement=statement, how=How.TIMED_OUT, plan=plan, limit_ms=limit_ms)
    reason = _reason(failure, "running it failed")
    return Explained(statement=statement, how=How.PLANNED, reason=reason, plan=plan)


def reason_not_run(plan: Plan, *, columns: int) -> str:
    """Why a plan must not be run, by its nodes and by the number of columns it returns; empty where it may."""
    for node in _nodes(plan.raw["Plan"]):
        match node["Node Type"]:
            case "ModifyTable":
                return f"{_with_article(node['Operation'].upper())} is planned, never run"
            case "LockRows":
                return "locks the rows it reads"
            case "Foreign Scan":
                return "reads a foreign table: what its server would do cannot be seen"
            case "Custom Scan":
                return f"has a node of an extension ({node.get('Custom Plan Provider', 'Custom Scan')})"
    return "" if columns else "returns no columns"


def _nodes(root: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(node.get("Plans", ()))


def _is_statements_fault(sqlstate: str) -> bool:
    return sqlstate[:2] in _STATEMENTS_FAULT and sqlstate not in _NOT_ITS_FAULT


def _reason(failure: Failure, otherwise: str) -> str:
    return _REASONS.get(failure.sqlstate, otherwise + ": {message}").format(message=failure.message)


def _with_article(noun: str) -> str:
    return f"{'an' if noun[0] in 'AEIOUaeiou' else 'a'} {noun}"


def plan_in(answer: Answer) -> tuple[Plan | None, str]:
    """The plan that EXPLAIN printed, and what is wrong with it; None where it cannot be used."""
    text = answer.value
    if text is None:
        return None, "the server sent no plan"
    if len(text) > LONGEST_PLAN_BYTES:
        return None, f"its plan is {len(text) / (1 << 20):.0f} MiB of text"
    try:
        printed = json.loads(text.decode("utf-8", "replace"))
    except RecursionError:
        return None, "its plan is nested too deep"
    plans = [element for element in printed if isinstance(element, dict)]
    flaw = "" if len(printed) == 1 and plans else f"a rule makes {len(printed) or 'no'} statements of it"
    return (plan_from_json(plans[0]) if plans else None), flaw
