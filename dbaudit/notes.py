"""Plain sentences about how far an audit reaches. Pure functions of the facts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from dbaudit.facts import Facts
from dbaudit.facts.statement import Explained, How
from dbaudit.facts.statement_text import Category, StatementText
from dbaudit.units import count

if TYPE_CHECKING:
    from dbaudit.facts.snapshot import Omission, Snapshot

_TINY_ROWS = 10_000
_FEW = 5


def about_statements(facts: Facts) -> tuple[str, ...]:
    """What a reader must know of the statements' plans before he trusts a quiet report."""

    from dbaudit.facts.catalog import Table

    how = Counter(explained.how for explained in facts.get(Explained))
    notes = []
    if how[How.NOT_RUN]:
        notes.append(f"{how[How.NOT_RUN]} of {how.total()} statements were not looked at: each says why")
    tables = facts.get(Table)
    if tables and all((table.estimated_rows or 0) < _TINY_ROWS for table in tables):
        notes.append("the database is nearly empty: its plans say little about a full one, and scans are not judged")
    return tuple(notes)


def about_saved_plans(facts: Facts) -> tuple[str, ...]:
    """Which statements could not be compared with the plans that were saved, where there are some."""

    from dbaudit.facts.saved_plan import SavedPlan

    saved = {row.identity: row.label for row in facts.get(SavedPlan)}
    if not saved:
        return ()
    known = {explained.statement.identity for explained in facts.get(Explained)}
    new = len(known - saved.keys())
    gone = [label for identity, label in saved.items() if identity not in known]
    notes = []
    if new:
        notes.append(f"{count(new, 'statement')} had no saved plan to compare with")
    if gone:
        notes.append(f"{count(len(gone), 'saved plan')} of statements that are no longer there, such as {gone[0]}")
    return tuple(notes)


def about_snapshot(snapshot: Snapshot, path: str) -> tuple[str, ...]:
    """What was audited, and what of its source is not in it."""
    notes = [f"from the snapshot {path}, taken at {snapshot.taken_at}"]
    if snapshot.omissions:
        first = snapshot.omissions[0]
        notes.append(
            f"{count(len(snapshot.omissions), 'object')} of the source not in the snapshot, such as {first.kind} "
            f"{first.name}: {first.reason}"
        )
    return tuple(notes)


def about_twin(snapshot: Snapshot, path: str) -> tuple[str, ...]:
    """As `about_snapshot`, of statements that were planned."""
    first, *rest = about_snapshot(snapshot, path)
    return (f"{first}: planned on a twin without rows, where nothing is run and no time is known", *rest)


def about_changes(paths: str, done: int, there: int, passed_over: int, failed: tuple[Omission, ...]) -> tuple[str, ...]:
    """What came of the statements of a schema's files. One that failed may make plans other than they will be."""
    notes = [f"with the schema of {paths}: {count(done, 'statement')} applied"]
    if there:
        notes[0] += f", {there} in effect already"
    if passed_over:
        notes[0] += f", {passed_over} of data, rights or comments passed over"
    notes += [f"{each.name} failed, and its effect is not in the plans: {each.reason}" for each in failed[:_FEW]]
    if len(failed) > _FEW:
        notes.append(f"{len(failed) - _FEW} more statements of the schema failed")
    return tuple(notes)


def nothing_learnt(facts: Facts) -> str:
    """Why an audit of statements is none at all, or empty: where the server looked at no statement, none is clean."""
    explained = facts.get(Explained)
    if any(row.how is not How.NOT_RUN for row in explained):
        return ""
    return f"no statement could be looked at: {explained[0].reason}" if explained else "no statement to look at"


def about_schema(facts: Facts, kinds: Iterable[type]) -> tuple[str, ...]:
    """Which facts of the schema, of these kinds, the server did not tell: what knows more with them ran without them."""
    reasons = dict.fromkeys(missing.reason for kind in kinds if (missing := facts.missing(kind)))
    return tuple(f"the checks knew the text alone, and not all of the schema: {reason}" for reason in reasons)


def about_texts(facts: Facts, file_count: int) -> tuple[str, ...]:
    """How many statements were read, and that the bodies of routines were not."""
    texts = facts.get(StatementText)
    files = f"{file_count} file{'' if file_count == 1 else 's'}"
    definitions = sum(text.category is Category.DDL for text in texts)
    bodies = sum(text.has_unread_body for text in texts)
    notes = [f"{len(texts)} statement{'' if len(texts) == 1 else 's'} in {files}"]
    if definitions:
        notes[0] += f"; definitions are read over: {definitions}"
    if bodies:
        notes.append(f"the bodies of functions and procedures in other languages than SQL, and DO, are not looked into: {bodies}")
    return tuple(notes)


NO_BUDGET = "the sum of all pools is not held against a server: name one, or a snapshot, or --max-connections N"


def about_source(facts: Facts) -> tuple[tuple[str, ...], str]:
    """How many Python files were read, and why the audit is none at all where that is none of them, or empty."""
    from dbaudit.facts.code import SourceFiles, UnreadFile

    files = next(iter(facts.get(SourceFiles)), SourceFiles(read_count=0))
    unread = facts.get(UnreadFile)
    notes = [f"{count(files.read_count, 'Python file')} read, none of them run"] if facts.rows.get(SourceFiles) else []
    if files.left_out_count:
        notes.append(f"left out as tests or migrations: {count(files.left_out_count, 'file')}; name one to have it read")
    if files.read_count and not files.serves:
        notes.append("no route and no task of a framework was found: what is opened per request cannot be told")
    failure = f"no file could be read: {unread[0].path}: {unread[0].reason}" if unread and not files.read_count else ""
    return tuple(notes), failure


def about_connections(facts: Facts) -> tuple[str, ...]:
    """What cannot be seen of the connections from where we are."""
    from dbaudit.facts.sessions import ClientPath

    if not any(path.is_pooled for path in facts.get(ClientPath)):
        return ()
    return (
        "reached through a pooler: the server answers with another process id than the connection was given. What is seen "
        "are the connections that reach the server, the pooler's own among them; not the pooler's clients, how long they "
        "queue there, nor how often they connect. Ask the pooler for these, in PgBouncer by SHOW POOLS and SHOW CLIENTS",
    )
