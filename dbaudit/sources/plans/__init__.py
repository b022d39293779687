"""Files that hold plans instead of statements: what EXPLAIN printed, and what auto_explain logged."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace

from dbaudit.errors import AuditError
from dbaudit.facts.plan import Plan, plan_from_json
from dbaudit.facts.statement import Explained, How, Statement
from dbaudit.finding import Span
from dbaudit.sources import sqlname
from dbaudit.sources.plans import as_json, as_text, as_yaml, frames, logged, sound
from dbaudit.sources.plans.found import Found, Line, unreadable
from dbaudit.sources.sqllex import significant

NOT_RUN = "the plan of a statement that was not run"
NO_FIGURES = "its plan has no figures to judge: neither ANALYZE nor COSTS"
NOT_ANALYZED = "ran {:.3f} ms; auto_explain.log_analyze was off, so the plan does not say what came of it"


def read(data: bytes, path: str) -> tuple[Explained, ...]:
    """The plans in a file's content, in order: JSON, YAML or text, as psql frames it and as auto_explain logs it.

    A statement has the text that a log gives for it, or none, and stands where its plan stands. Raises AuditError,
    with file and line, where there is no plan, or one that is not whole.
    """
    explained = tuple(_explained(found, path) for found in find(data, path))
    if not explained:
        raise AuditError(f"{path}:1: no plan in it", "give EXPLAIN's whole output, best of EXPLAIN (FORMAT JSON)")
    return explained


def find(data: bytes, path: str) -> Iterator[Found]:
    """The plans in a file's content as they stand there, in the form of EXPLAIN's JSON. Raises AuditError."""
    text = _decoded(data, path)
    lines = [Line(number, line) for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1)]
    for found in _found(text, lines, path):
        flaw = sound.flaw(found.raw)
        if flaw:
            raise unreadable(path, found.line, f"is no plan as EXPLAIN prints it: {flaw}")
        yield found


def _decoded(data: bytes, path: str) -> str:
    """A log may hold texts in several encodings: what is not UTF-8 in it is replaced."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise AuditError(f"{path}:1: is not UTF-8 but UTF-16", "save it as UTF-8")
    nul = data.find(b"\0")
    if nul >= 0:
        line = data.count(b"\n", 0, nul) + 1
        raise AuditError(f"{path}:{line}: holds a NUL byte, so it is not a plan")
    return data.decode("utf-8-sig", "replace")


def _found(text: str, lines: list[Line], path: str) -> Iterator[Found]:
    if logged.is_log(text):
        yield from logged.read(lines, path)
        return
    for block in frames.blocks(lines):
        first = next(line for line in block.lines if line.text.strip())
        start = first.text.lstrip()
        if start.startswith(("[", "{")):
            yield from as_json.read(frames.joined(block), path)
        elif start.startswith(("- Plan:", "Plan:", "---")) or start.startswith("- Query Text:"):
            yield from as_yaml.read(frames.joined(block), path)
        elif start.startswith("<explain"):
            raise unreadable(path, first.number, "the plan is XML, which is not read")
        else:
            is_all = not text.strip().count("\n")
            yield from as_text.read(block.lines, path, is_certain=block.is_framed or is_all)


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
        plan=plan,
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
    digest = hashlib.sha256()
    for node in plan.nodes():
        digest.update(f"{node.node_type}\0{node.relation}\0{node.alias}\0{node.index_name}\0".encode("utf-8", "replace"))
    return digest.hexdigest()[:16]
