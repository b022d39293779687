"""How much work_mem would have held what was spilled to disk."""

from __future__ import annotations

from collections.abc import Iterator

from dbaudit.facts.plan import Plan, PlanNode

_SIZES = {"B": 1 / 1024, "kB": 1, "MB": 1024, "GB": 1024 * 1024, "TB": 1024 * 1024 * 1024}
# What a row in memory takes besides itself: an entry in the array that is sorted, and the allocator's header.
_PER_ROW_BYTES = 40
_PER_ROW_BYTES_15 = 60


def sort_memory_kb(rows: float, disk_kb: float, major: int) -> float:
    """The work_mem, in kB, that one process needs to sort so many rows in memory, given what they took on disk.

    Derived from tuplesort.c and by bisection on the five majors, for rows of 4 to 400 bytes; it may come out up to
    twice too high, not too low. Until 14 the allocator rounds each row up to a power of two.
    """
    row_bytes = disk_kb * 1024 / max(rows, 1.0)
    if major <= 14:
        taken = 2 ** max(4, (int(row_bytes + 8) - 1).bit_length()) + _PER_ROW_BYTES
    else:
        taken = row_bytes + (_PER_ROW_BYTES_15 if major == 15 else _PER_ROW_BYTES)
    return taken * rows / 1024 * 1.02 + 64


def spills(node: PlanNode) -> Iterator[tuple[float, float]]:
    """Rows and kB on disk of each process in which a Sort spilled; the rows are those of one loop."""
    loops = node.actual_loops or 1.0
    shares = [worker for worker in node.workers if worker.space_kb is not None]
    for worker in shares:
        if worker.space_type == "Disk":
            yield worker.rows or 0.0, worker.space_kb or 0
    if node.sort_space_type == "Disk":
        theirs = sum((worker.rows or 0.0) * (worker.loops or 0.0) for worker in shares)
        rows = (node.actual_rows or 0.0) * loops - theirs
        own_loops = loops - sum(worker.loops or 0.0 for worker in shares)
        yield max(rows, 0.0) / max(own_loops, 1.0), node.sort_space_kb or 0


def expected_kb(node: PlanNode) -> float:
    """The memory, in kB, of the rows that the planner expected of a node: what it compares with work_mem.

    Each row counts with its width and a header, as in relation_byte_size (costsize.c).
    """
    return node.plan_rows * (-(-node.plan_width // 8) * 8 + 24) / 1024


def setting_kb(plan: Plan, name: str, default_kb: float) -> float:
    """A setting of memory in kB: EXPLAIN (SETTINGS) prints those that differ from their default."""
    text = plan.settings.get(name, "")
    digits = text.rstrip("BkMGT")
    unit = text[len(digits) :]
    return float(digits) * _SIZES[unit] if digits.isdigit() and unit in _SIZES else default_kb


def setting(plan: Plan, name: str, default: float) -> float:
    """A setting that is a plain number."""
    text = plan.settings.get(name, "")
    return float(text) if text.replace(".", "", 1).isdigit() else default


def rounded_up(kilobytes: float) -> str:
    """A size as a setting takes it, no smaller: "6MB", "96MB", "1200MB"."""
    megabytes = max(1, int(-(-kilobytes // 1024)))
    step = 10 ** max(0, len(str(megabytes)) - 2)
    return f"{-(-megabytes // step) * step}MB"
