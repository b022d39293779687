"""Snapshot files: written whole or not at all, for their owner's eyes; read as what a stranger may have written."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from dbaudit import __version__
from dbaudit.errors import AuditError
from dbaudit.facts.codec import from_json, row_from_json, row_to_json, to_json
from dbaudit.facts.snapshot import (
    ColumnStatistics,
    ExtendedStatistics,
    Omission,
    PlannerSetting,
    RelationSize,
    SchemaObject,
    Snapshot,
)

VERSION = 1
LARGEST_FILE_BYTES = 512 * 1024 * 1024

_LISTS: dict[str, type] = {
    "objects": SchemaObject,
    "sizes": RelationSize,
    "statistics": ColumnStatistics,
    "extended_statistics": ExtendedStatistics,
    "settings": PlannerSetting,
    "omissions": Omission,
}
_CHUNK_BYTES = 1 << 20
_TAKE_ANOTHER = "dbaudit snapshot … -o FILE takes another"
_HALF_CHARACTER = re.compile(r"\\u[dD][89a-fA-F]")


def to_text(snapshot: Snapshot) -> str:
    """The snapshot as a JSON object with one row per line, so that two of them can be compared by diff."""
    return "".join(_pieces(snapshot))


def _pieces(snapshot: Snapshot) -> Iterator[str]:
    head = {
        "dbaudit": "snapshot",
        "version": VERSION,
        "tool": {"name": "dbaudit", "version": __version__},
        "taken_at": snapshot.taken_at,
        "is_redacted": snapshot.is_redacted,
    }
    yield "{\n"
    for name, value in head.items():
        yield f"{_json(name)}: {_json(value)},\n"
    yield '"facts": {\n'
    facts = sorted(to_json(snapshot.facts).items())
    for index, (name, rows) in enumerate(facts):
        yield f"{_json(name)}: "
        yield from _rows(rows) if isinstance(rows, list) else (_json(rows),)
        yield ",\n" if index < len(facts) - 1 else "\n"
    yield "}"
    for name in _LISTS:
        yield f",\n{_json(name)}: "
        yield from _rows([row_to_json(row) for row in getattr(snapshot, name)])
    yield "\n}\n"


def _rows(rows: list[Any]) -> Iterator[str]:
    yield "["
    for index, row in enumerate(rows):
        yield ",\n" if index else "\n"
        yield _json(row)
    yield "\n]" if rows else "]"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def write(snapshot: Snapshot, path: Path) -> int:
    """Writes the file with mode 0600, compressed where its name ends in .gz or .zst. Returns its length in bytes.

    What was there before stays until the new file is complete. Raises AuditError where it cannot be written.
    """
    packed = _packed(_pieces(snapshot), path)
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(packed)
            return len(packed)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(packed)
            os.replace(name, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(name)
            raise
    except OSError as error:
        raise AuditError(f"the snapshot cannot be written to {path}: {error.strerror}") from None
    return len(packed)


def check_name(path: Path) -> None:
    """Raises AuditError where a file of this name cannot be written here: to be asked before a server is."""
    if not path.parent.is_dir():
        raise AuditError(f"the snapshot cannot be written to {path}: {path.parent} is no directory")
    if path.is_dir():
        raise AuditError(f"the snapshot cannot be written to {path}: it is a directory")
    if path.suffix == ".zst":
        _zstd()


def _packed(pieces: Iterable[str], path: Path) -> bytes:
    buffer = io.BytesIO()
    with _compressing(buffer, path) as file:
        for piece in pieces:
            # A lone half of a character would not be UTF-8; a server that is UTF-8 has none.
            file.write(piece.encode("utf-8", "replace"))
    return buffer.getvalue()


def _compressing(buffer: io.BytesIO, path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        # Neither name nor time in it: the same snapshot is the same file.
        return gzip.GzipFile(filename="", fileobj=buffer, mode="wb", mtime=0)
    if path.suffix == ".zst":
        return _zstd().open(buffer, "wb")
    return _Unclosed(buffer)


class _Unclosed:
    """A buffer that stays open behind a with."""

    def __init__(self, buffer: io.BytesIO) -> None:
        self.write = buffer.write

    def __enter__(self) -> _Unclosed:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def _zstd() -> Any:
    """Python's own module from 3.14 on, or its backport."""
    try:
        from compression import zstd
    except ImportError:
        try:
            from backports import zstd
        except ImportError:
            raise AuditError(
                "a file ending in .zst needs a library that is not installed", "pip install 'dbaudit[zst]', or use .gz"
            ) from None
    return zstd


def read(path: Path, largest_bytes: int = LARGEST_FILE_BYTES) -> Snapshot:
    """The snapshot of a file that `write` made, on whatever computer.

    Raises AuditError where it cannot be read, is longer than `largest_bytes` before or after it is uncompressed, is cut
    off, is of another version, or is something else. Nothing in it is run or believed.
    """
    value = _parsed(_content(path, largest_bytes), path)
    if not isinstance(value, dict) or value.get("dbaudit") != "snapshot":
        raise AuditError(f"{path} is not a snapshot", _TAKE_ANOTHER)
    if value.get("version") != VERSION:
        raise AuditError(
            f"{path} is a snapshot of version {_shown(value.get('version'))}; this dbaudit reads version {VERSION}",
            f"read it with the dbaudit that took it, {_shown(_tool_version(value))}, or take another",
        )
    try:
        lists = {name: tuple(row_from_json(kind, row) for row in value.get(name, ())) for name, kind in _LISTS.items()}
        facts = from_json(value["facts"])
        taken_at, is_redacted = value["taken_at"], value["is_redacted"]
        if type(taken_at) is not str or type(is_redacted) is not bool:
            raise TypeError("taken_at or is_redacted has another type")
        return Snapshot(taken_at=taken_at, is_redacted=is_redacted, facts=facts, **lists)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise AuditError(f"{path} is a snapshot that dbaudit did not write: {_shown(error)}", _TAKE_ANOTHER) from None


def _content(path: Path, largest: int) -> bytes:
    try:
        with open(path, "rb") as file:
            packed = file.read(largest + 1)
    except OSError as error:
        raise AuditError(f"the snapshot cannot be read: {path}: {error.strerror}") from None
    if len(packed) > largest:
        raise _too_long(path, largest)
    if not packed.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd")):
        return packed
    try:
        with gzip.open(io.BytesIO(packed)) if packed.startswith(b"\x1f\x8b") else _zstd().open(io.BytesIO(packed)) as file:
            content = _bounded(file, largest)
    except (OSError, EOFError, ValueError) as error:
        raise AuditError(f"{path} cannot be uncompressed: {_shown(error)}", _TAKE_ANOTHER) from None
    except Exception as error:
        # zlib and zstd each have an exception of their own for bytes that are not theirs.
        if type(error).__name__ not in ("error", "ZstdError"):
            raise
        raise AuditError(f"{path} cannot be uncompressed: {_shown(error)}", _TAKE_ANOTHER) from None
    if len(content) > largest:
        raise _too_long(path, largest)
    return content


def _bounded(file: IO[bytes], largest: int) -> bytes:
    """No more than one chunk beyond the largest length, however much there is."""
    parts, length = [], 0
    while length <= largest and (part := file.read(_CHUNK_BYTES)):
        parts.append(part)
        length += len(part)
    return b"".join(parts)


def _too_long(path: Path, largest: int) -> AuditError:
    return AuditError(f"{path} is longer than {largest // (1 << 20)} MiB", "--schema and --table take a part of a database")


def _parsed(content: bytes, path: Path) -> Any:
    try:
        text = content.decode("utf-8")
        value = json.loads(text, parse_constant=_no_constant)
        if _HALF_CHARACTER.search(text):
            json.dumps(value, ensure_ascii=False).encode("utf-8")
        return value
    except json.JSONDecodeError as error:
        where = "it is empty" if not content.strip() else f"line {error.lineno}: {error.msg}"
        raise AuditError(f"{path} is not a snapshot, or one that was cut off: {where}", _TAKE_ANOTHER) from None
    except (UnicodeError, ValueError, RecursionError) as error:
        raise AuditError(f"{path} is not a snapshot: {_shown(error)}", _TAKE_ANOTHER) from None


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _tool_version(value: dict[str, Any]) -> object:
    tool = value.get("tool")
    return tool.get("version", "?") if isinstance(tool, dict) else "?"


def _shown(value: object) -> str:
    """At most a line of it: a file may say anything."""
    text = " ".join(str(value).split())
    return text if len(text) <= 80 else text[:80] + "…"
