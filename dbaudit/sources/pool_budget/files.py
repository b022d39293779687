"""Which of a project's files say something of its connections, and their texts."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from dbaudit.errors import AuditError

LARGEST_FILE_BYTES = 2 << 20
MOST_FILES = 50_000
_NOT_OURS = frozenset([
    "node_modules", "site-packages", "venv", "env", "virtualenv", "__pycache__", "dist", "build", "vendor",
    "third_party", "tests", "test", "testing", "docs", "examples", "example", "benchmarks", "migrations", "versions", "scripts",
])
_TEST = re.compile(r"(test_.*|.*_tests?|conftest|noxfile|fabfile|setup|tasks_dev)\.py")
_COMPOSE = re.compile(r"(?:docker-)?compose(\..+)?\.ya?ml")
_DOCKERFILE = re.compile(r"(?:.+\.)?Dockerfile(?:\..+)?|Containerfile")


@dataclass(slots=True)
class Files:
    """Paths by what is in them. `is_cut` says that there were more files than are looked at."""

    python: list[str] = field(default_factory=list)
    procfiles: list[str] = field(default_factory=list)
    dockerfiles: list[str] = field(default_factory=list)
    compose: list[list[str]] = field(default_factory=list)
    yaml: list[str] = field(default_factory=list)
    poolers: list[str] = field(default_factory=list)
    pins: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    is_cut: bool = False


def find(paths: Iterable[str]) -> Files:
    """The files that these paths mean, each a file or a directory. Raises AuditError for one that is not there."""
    found = Files()
    named: list[str] = []
    for path in paths:
        if os.path.isdir(path):
            for folder, names in _folders(os.path.normpath(path), found):
                _sort_in(found, folder, names)
        elif os.path.isfile(path):
            named.append(os.path.normpath(path))
        else:
            raise AuditError(f"{path} is not there", "name the project's directory, or files of it")
    compose = [path for path in named if _COMPOSE.fullmatch(os.path.basename(path))]
    if compose:
        found.compose = [compose]
        found.left_out = []
    for path in named:
        if path not in compose:
            _sort_one(found, path, is_named=True)
    return found


def _folders(root: str, found: Files) -> Iterator[tuple[str, list[str]]]:
    seen = 0
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _NOT_OURS)
        seen += len(names)
        if seen > MOST_FILES:
            found.is_cut = True
            return
        yield "" if folder == "." else folder.removeprefix(f".{os.sep}"), sorted(names)


def _sort_in(found: Files, folder: str, names: list[str]) -> None:
    compose = [name for name in names if _COMPOSE.fullmatch(name)]
    merged = _merged_by_default(compose)
    if merged:
        found.compose.append([os.path.join(folder, name) for name in merged])
    found.left_out += [os.path.join(folder, name) for name in compose if name not in merged]
    for name in names:
        if name not in compose:
            _sort_one(found, os.path.join(folder, name))


def _merged_by_default(names: list[str]) -> list[str]:
    """What docker compose reads where nobody says: the first of its names that is there, and the override beside it."""
    for stem in ("compose", "docker-compose"):
        for suffix in ("yaml", "yml"):
            if f"{stem}.{suffix}" in names:
                overrides = [name for name in names if re.fullmatch(rf"{stem}\.override\.ya?ml", name)]
                return [f"{stem}.{suffix}", *overrides[:1]]
    return []


def _sort_one(found: Files, path: str, is_named: bool = False) -> None:
    name = os.path.basename(path)
    if name.endswith(".py"):
        if is_named or not _TEST.fullmatch(name):
            found.python.append(path)
    elif name == "Procfile":
        found.procfiles.append(path)
    elif _DOCKERFILE.fullmatch(name) and not name.endswith((".md", ".dockerignore")):
        found.dockerfiles.append(path)
    elif name.endswith((".yaml", ".yml")):
        found.yaml.append(path)
    elif name in ("uv.lock", "poetry.lock") or re.search(r"requirements[^/\\]*(?:[/\\][^/\\]+)?\.txt$", path):
        found.pins.append(path)
    elif name.endswith(".ini") and "pgbouncer" in name:
        found.poolers.append(path)


def text_of(path: str) -> str | None:
    """The text of a file, or None for one that is not there, not to be read, too large, or no text."""
    try:
        if not os.path.isfile(path) or os.path.getsize(path) > LARGEST_FILE_BYTES:
            return None
        with open(path, encoding="utf-8-sig") as file:
            return file.read()
    except (OSError, UnicodeDecodeError, ValueError):
        return None
