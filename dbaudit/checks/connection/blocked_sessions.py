"""Sessions wait for a lock that another session or a prepared transaction holds.

## What it does
Draws the tree of who waits for whom, and reports its root: the one blocker that waits for nobody. It says what the
root does meanwhile, who waits, for what, and for how long.

## Why it matters
Everyone in the tree stands still until the root ends its transaction. Waiting is a queue: an ALTER TABLE that waits
for a SELECT makes every later SELECT wait too.

## How it is found
`pg_blocking_pids` is asked of those sessions alone that wait for a lock, and the wait is read from `pg_locks`. The
longest wait decides: 5 s INFO, 30 s WARNING, 5 min ERROR; ten sessions that wait 5 s are a WARNING. The tree is
complete without any privilege, but what other roles' sessions do is then masked.

## Example
    app@shop (web), idle in a transaction for 9 s, holds AccessShareLock on orders
    └ deploy@shop has waited 8 s for AccessExclusiveLock on orders
      └ app@shop (web) has waited 7 s for AccessShareLock on orders

## Instead
Keep transactions short. Set `lock_timeout` for migrations, so that they give up instead of holding up the queue, and
try again. Change rows in one order everywhere.

## When to ignore
A migration in a maintenance window.
"""

from __future__ import annotations

from dataclasses import dataclass

from dbaudit.checks.connection._blocking import Tree, doing, drawn, trees
from dbaudit.checks.connection._prepared import finish, prepared_name
from dbaudit.checks.connection._sessions import end_session, group_name, masked, sessions
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.activity import Backend, Lock, PreparedTransaction
from dbaudit.finding import Finding, Severity, Subject
from dbaudit.units import age


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    info_s: float = 5
    warning_s: float = 30
    error_s: float = 300
    many: int = 10


@check(
    "CON004",
    name="blocked-sessions",
    severity=Severity.WARNING,
    needs=(Backend, Lock, PreparedTransaction),
    options=Options,
)
def blocked_sessions(facts: Facts, options: Options) -> Verdicts:
    found: dict[Subject, list[tuple[Severity, Tree]]] = {}
    for tree in trees(facts[Backend], facts[Lock], facts[PreparedTransaction]):
        severity = _severity(tree, options)
        if severity:
            found.setdefault(_subject(tree), []).append((severity, tree))
    for subject, group in found.items():
        severity, tree = max(group, key=lambda item: (item[0], item[1].longest_ms))
        yield _finding(subject, severity, tree, len(group) - 1, facts[Lock])
    reported = [tree for group in found.values() for _, tree in group]
    if any(isinstance(tree.root, Backend) and tree.root.is_masked for tree in reported):
        yield from masked(facts)


def _severity(tree: Tree, options: Options) -> Severity | None:
    waited_s = tree.longest_ms / 1000
    if waited_s >= options.error_s:
        return Severity.ERROR
    many = sum(waiter.wait_ms >= options.info_s * 1000 for waiter in tree.waiters) >= options.many
    if waited_s >= options.warning_s or many:
        return Severity.WARNING
    return Severity.INFO if waited_s >= options.info_s else None


def _subject(tree: Tree) -> Subject:
    if isinstance(tree.root, PreparedTransaction):
        return Subject(kind="prepared transaction", name=prepared_name(tree.root))
    return Subject(kind="backend", name=group_name(tree.root))


def _finding(
    subject: Subject, severity: Severity, tree: Tree, others: int, locks: tuple[Lock, ...]
) -> Finding:
    root = tree.root
    longest = max(tree.waiters, key=lambda waiter: waiter.wait_ms)
    also = f"; {sessions(others)} of the same group block{'s' if others == 1 else ''} others too" if others else ""
    return Finding(
        code="CON004",
        subject=subject,
        message=f"{subject.name}, {doing(root)}, blocks {sessions(len(tree.waiters))}, the longest for "
        f"{age(tree.longest_ms)}: {group_name(longest.backend)} waits for {longest.wanted}{also}",
        severity=severity,
        evidence={
            "time_ms": round(tree.longest_ms),
            "waiting_count": len(tree.waiters),
            "depth_count": max(waiter.depth for waiter in tree.waiters),
            "tree": drawn(tree, locks),
        },
        fixes=(finish(root),) if isinstance(root, PreparedTransaction) else (end_session(root, "the blocker"),),
    )
