"""Files that hold plans instead of statements: what EXPLAIN printed, and what auto_explain logged."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import BinaryIO

from dbaudit.errors import AuditError
from dbaudit.facts.plan import Plan, plan_from_json
from dbaudit.facts.statement import Explained, How, Statement
from dbaudit.finding import Span
from dbaudit.sources import sqlname
from dbaudit.sources.plans import as_json, as_text, as_yaml, frames, logged, sound
from dbaudit.sources.plans.found import Found, Line, drained, unreadable
from dbaudit.sources.plans.selection import selected
from dbaudit.sources.sqllex import significant

# Reading takes some twenty times the memory of the text.
LARGEST_PLANS = 128 << 20

NOT_RUN = "the plan of a statement that was not run"
NO_FIGURES = "its plan has no figures to judge: neither ANALYZE nor COSTS"
NOT_ANALYZED = "ran {:.3f} ms; auto_explain.log_analyze was off, so the plan does not say what came of it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a file of plans gives. `left_out` counts the plans of a log that were not kept for being too many."""

    explained: tuple[Explained, ...]
    left_out: int = 0


def read(data: bytes, path: str) -> tuple[Explained, ...]:
    """The plans in a file's content; see `read_file`."""
    return read_file(io.BytesIO(data), path).explained


def read_file(file: BinaryIO, path: str) -> Reading:
    """The plans in a file, in order: JSON, YAML or text, as psql frames it and as auto_explain logs it.

    A statement has the text that a log gives for it, or none, and stands where its plan stands. A log is read entry by
    entry, and may be of any size: what is kept of a large one is bounded. An entry that is broken is a statement that
    was not run, with the reason; elsewhere AuditError is raised, with file and line, where there is no plan, or one
    that is not whole, or a file that is too large.
    """
    lines = _lines(file, path)
    head, is_log = _head(lines, path)
    if is_log:
        kept, left_out = selected(logged.entries(chain(head, lines)))
        return Reading(explained=tuple(_of_entry(entry, path) for entry in kept), left_out=left_out)
    explained = tuple(_explained(found, path) for found in _found(head, path))
    if not explained:
        raise AuditError(f"{path}:1: no plan in it", "give EXPLAIN's whole output, best of EXPLAIN (FORMAT JSON)")
    return Reading(explained=explained)


def _head(lines: Iterator[Line], path: str) -> tuple[list[Line], bool]:
    """All lines up to the first entry of auto_explain, which tells that the file is a log, or else up to the end."""
    head: list[Line] = []
    size = 0
    for line in lines:
        if logged.is_entry(line.text):
            return [*head, line], True
        size += len(line.text)
        if size <= LARGEST_PLANS:
            head.append(line)
        else:
            # Only a log may be as large, and what stands before its first entry is nothing to us.
            head = []
    if size > LARGEST_PLANS:
        raise AuditError(
            f"{path} is larger than {LARGEST_PLANS >> 20} MB, and no log of auto_explain", "give the part that matters"
        )
    return head, False


def _lines(file: BinaryIO, path: str) -> Iterator[Line]:
    """The lines of a file. One may hold texts in several encodings: what is not UTF-8 in it is replaced."""
    for number, data in enumerate(iter(partial(file.readline, LARGEST_PLANS + 1), b""), start=1):
        if number == 1 and data.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise AuditError(f"{path}:1: is not UTF-8 but UTF-16", "save it as UTF-8")
        if b"\0" in data:
            raise AuditError(f"{path}:{number}: holds a NUL byte, so it is not a plan")
        text = data.decode("utf-8-sig" if number == 1 else "utf-8", "replace")
        yield Line(number, text.removesuffix("\n").removesuffix("\r"))


def find(data: bytes, path: str) -> Iterator[Found]:
    """The plans in what is no log, as they stand there, in the form of EXPLAIN's JSON. Raises AuditError."""
    return _found(list(_lines(io.BytesIO(data), path)), path)


def _found(lines: list[Line], path: str) -> Iterator[Found]:
    return (_sound(found, path) for found in _in_frames(lines, path))


def _in_frames(lines: list[Line], path: str) -> Iterator[Found]:
    is_all = sum(bool(line.text.strip()) for line in lines) == 1
    for block in frames.blocks(drained(lines)):
        first = next(line for line in block.lines if line.text.strip())
        start = first.text.lstrip()
        if start.startswith(("[", "{")):
            yield from as_json.read(frames.joined(block), path)
        elif start.startswith(("- Plan:", "Plan:", "---")) or start.startswith("- Query Text:"):
            yield from as_yaml.read(frames.joined(block), path)
        elif start.startswith("<explain"):
            raise unreadable(path, first.number, "the plan is XML, which is not read")
        else:
            yield from as_text.read(drained(block.lines), path, is_certain=block.is_framed or is_all)


def _sound(found: Found, path: str) -> Found:
    flaw = sound.flaw(found.raw)
    if flaw:
        raise unreadable(path, found.line, f"is no plan as EXPLAIN prints it: {flaw}")
    return found


def _of_entry(entry: logged.Entry, path: str) -> Explained:
    """The plan of an entry; where that is broken, a statement of which nothing was learnt, and why."""
    try:
        return _explained(_sound(logged.plan(entry, path), path), path)
    except AuditError as error:
        span = Span(path=path, line=entry.line, column=1, end_line=entry.line, end_column=1)
        statement = Statement(name="", text="", span=span, identity=_digest(entry.text))
        return Explained(statement=statement, how=How.NOT_RUN, reason=f"its plan is not whole: {error}")


def _explained(found: Found, path: str) -> Explained:
    raw = found.raw
    was_run = raw["Plan"].get("Actual Loops") is not None
    if was_run and found.duration_ms is not None:
        raw = {**raw, "Execution Time": found.duration_ms}
    plan = replace(plan_from_json(raw), knows_settings="Settings" in raw)
    if not was_run and not plan.has_estimates:
        return Explained(statement=_statement(found, plan, path), how=How.NOT_RUN, reason=NO_FIGURES)
    reason = NOT_RUN if found.duration_ms is None else NOT_ANALYZED.format(found.duration_ms)
    return Explained(
        statement=_statement(found, plan, path),
        how=How.ANALYZED if was_run else How.PLANNED,
        reason="" if was_run else reason,
        plan=plan.compressed(),
    )


def _statement(found: Found, plan: Plan, path: str) -> Statement:
    text = found.statement.strip()
    span = Span(path=path, line=found.line, column=1, end_line=found.end_line, end_column=1)
    if not text:
        return Statement(name="", text="", span=span, identity=_shape(plan))
    taken = significant(text)
    return Statement(
        name="",
        text=text,
        span=span,
        identity=sqlname.identity(text, taken, 0, len(text)),
        command=sqlname.command(text, taken),
    )


def _shape(plan: Plan) -> str:
    """16 hexadecimal digits that a plan of the same nodes on the same relations has too."""
    return _digest("".join(f"{node.node_type}\0{node.relation}\0{node.alias}\0{node.index_name}\0" for node in plan.nodes()))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]
