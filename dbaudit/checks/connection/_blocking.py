"""Who waits for whom: a tree below each session or prepared transaction that waits for nobody itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dbaudit.checks.connection._prepared import prepared_name
from dbaudit.checks.connection._sessions import group_name, holds, lock_wait_ms, shortened
from dbaudit.facts.activity import Backend, Lock, PreparedTransaction
from dbaudit.units import age

_Key = int | str
_DRAWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiter:
    """A blocked session. `depth` is 1 for one that waits for the root itself; `wait_ms` how long it has waited."""

    backend: Backend
    depth: int
    wait_ms: float
    wanted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A root blocker and everyone who waits for it, directly or behind another, each once."""

    root: Backend | PreparedTransaction
    waiters: tuple[Waiter, ...]

    @property
    def longest_ms(self) -> float:
        return max(waiter.wait_ms for waiter in self.waiters)


def trees(
    backends: Iterable[Backend], locks: tuple[Lock, ...], prepared: Iterable[PreparedTransaction]
) -> list[Tree]:
    """One tree per root blocker. Where sessions wait in a circle the one that waits longest stands for the root.

    A blocker that is gone by now, and what waits for nothing else, is left out. A parallel worker that waits counts as
    its leader.
    """
    nodes: dict[_Key, Backend | PreparedTransaction] = {backend.pid: backend for backend in backends if not backend.is_own}
    nodes |= {transaction.gid: transaction for transaction in prepared}
    below: dict[_Key, list[int]] = {}
    waits: dict[int, float] = {}
    for backend in tuple(node for node in nodes.values() if isinstance(node, Backend)):
        waiting = backend.leader_pid if backend.leader_pid in nodes else backend.pid
        for blocker in _blockers(backend, locks):
            if blocker in nodes and blocker != waiting:
                below.setdefault(blocker, []).append(waiting)
                waits[waiting] = max(waits.get(waiting, 0), lock_wait_ms(backend.pid, locks))
    roots = [key for key in below if key not in waits]
    reached = {pid for root in roots for pid, _ in _walk(root, below)}
    for pid in sorted(waits, key=lambda pid: -waits[pid]):
        if pid not in reached:
            roots.append(pid)
            reached |= {pid, *(below_it for below_it, _ in _walk(pid, below))}
    return [
        Tree(
            root=nodes[root],
            waiters=tuple(
                Waiter(backend=nodes[pid], depth=depth, wait_ms=waits[pid], wanted=_wanted(pid, locks))
                for pid, depth in _walk(root, below)
            ),
        )
        for root in roots
        if below.get(root)
    ]


def _blockers(backend: Backend, locks: tuple[Lock, ...]) -> Iterator[_Key]:
    for pid in dict.fromkeys(backend.blocked_by):
        if pid:
            yield pid
        else:
            yield from {gid for lock in locks if lock.pid == backend.pid for gid in lock.prepared_holders}


def _walk(root: _Key, below: dict[_Key, list[int]]) -> Iterator[tuple[int, int]]:
    """Everyone below the root with their depth, depth first, each once."""
    seen: set[_Key] = {root}
    todo = [(pid, 1) for pid in reversed(below.get(root, []))]
    while todo:
        pid, depth = todo.pop()
        if pid not in seen:
            seen.add(pid)
            yield pid, depth
            todo.extend((next_pid, depth + 1) for next_pid in reversed(below.get(pid, [])))


def _wanted(pid: int, locks: tuple[Lock, ...]) -> str:
    """What a session waits for, in words: a table lock by its mode, a row by its relation."""
    own = [lock for lock in locks if lock.pid == pid]
    awaited = next((lock for lock in own if not lock.is_granted), None)
    if awaited is None:
        return "a lock"
    if awaited.type == "relation":
        return f"{awaited.mode} on {awaited.relation or 'a relation of another database'}"
    row_of = awaited.relation or next((lock.relation for lock in own if lock.type == "tuple" and lock.relation), "")
    if awaited.type in ("transactionid", "tuple"):
        return f"a row of {row_of}" if row_of else "the other transaction's end"
    if awaited.type == "virtualxid":
        return "the other transaction's end"
    return "an advisory lock" if awaited.type == "advisory" else f"{awaited.mode} ({awaited.type})"


def drawn(tree: Tree, locks: tuple[Lock, ...]) -> str:
    """The tree as lines of text: the root with what it does and holds, then who waits, since when and for what."""
    root = tree.root
    if isinstance(root, PreparedTransaction):
        lines = [f"{prepared_name(root)}, {doing(root)}"]
    else:
        last = f"; its last statement: {shortened(root.statement)}" if root.is_idle_in_transaction and root.statement else ""
        lines = [f"{group_name(root)}, {doing(root)}, holds {holds(root, locks)}{last}"]
    for waiter in tree.waiters[:_DRAWN]:
        waits = f"{group_name(waiter.backend)} has waited {age(waiter.wait_ms)} for {waiter.wanted}"
        lines.append(f"{'  ' * (waiter.depth - 1)}└ {waits}")
    if len(tree.waiters) > _DRAWN:
        lines.append(f"  and {len(tree.waiters) - _DRAWN} more")
    return "\n".join(lines)


def doing(root: Backend | PreparedTransaction) -> str:
    """What a root blocker does meanwhile, as a phrase."""
    if isinstance(root, PreparedTransaction):
        return f"a transaction prepared {age(root.age_ms)} ago"
    if root.is_masked:
        return "whose state is masked"
    if root.is_idle_in_transaction:
        return f"idle in a transaction for {age(root.state_age_ms or 0)}"
    if root.state == "active":
        return f"running for {age(root.state_age_ms or 0)} ({shortened(root.statement, 40)})"
    return root.state or root.backend_type
