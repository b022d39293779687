"""Which files a service runs: the module that its command names, and what that imports, one from the other."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable, Iterable, Iterator

Text = Callable[[str], str | None]

_OBJECT = re.compile(r"([A-Za-z_][\w.]*):[A-Za-z_]\w*(?:\(.*\))?")
_NAME = re.compile(r"[A-Za-z_][\w.]*")


def entries(words: Iterable[str]) -> tuple[str, ...]:
    """The modules and scripts that a command line names: `app.main` of `app.main:app`, `proj` of `-A proj`, `run.py`."""
    words = tuple(words)
    found: list[str] = []
    for place, word in enumerate(words):
        application = _OBJECT.fullmatch(word)
        if application:
            found.append(application[1])
        elif word in ("-A", "--app") and place + 1 < len(words):
            found += _celery(words[place + 1])
        elif word.startswith("--app="):
            found += _celery(word.removeprefix("--app="))
        elif word.endswith(".py") and not word.endswith("conf.py"):
            found.append(word)
    return tuple(found)


def _celery(word: str) -> list[str]:
    name = word.partition(":")[0]
    return [name, f"{name}.celery", f"{name}.tasks"] if _NAME.fullmatch(name) else []


def reached(names: Iterable[str], directory: str, text: Text) -> frozenset[str]:
    """The paths of all files of the project that these modules or scripts are, or import, at any depth.

    What is imported by a name that the code works out is not among them. `directory` is where the modules are looked for,
    and below its src.
    """
    roots = [directory, os.path.join(directory, "src")]
    waiting = [path for name in names for path in _paths(name, roots, text)]
    seen: set[str] = set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        for name in _imported(text(path) or "", path, roots):
            waiting += _paths(name, roots, text)
    return frozenset(seen)


def _paths(name: str, roots: list[str], text: Text) -> Iterator[str]:
    """The file of a module and those of the packages it is in; a script is its own."""
    if name.endswith(".py"):
        path = os.path.normpath(os.path.join(roots[0], name))
        if text(path) is not None:
            yield path
        return
    parts = name.split(".")
    for root in roots:
        for length in range(1, len(parts) + 1):
            stem = os.path.join(root, *parts[:length])
            for path in (f"{stem}.py", os.path.join(stem, "__init__.py")):
                if text(path) is not None:
                    yield path


def _imported(content: str, path: str, roots: list[str]) -> Iterator[str]:
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _package(path, node.level, roots) if node.level else ""
            base = ".".join(part for part in (base, node.module or "") if part)
            yield from (f"{base}.{alias.name}" if base else alias.name for alias in node.names)
            if base:
                yield base


def _package(path: str, level: int, roots: list[str]) -> str:
    """The package that a relative import of this level starts from."""
    folder = os.path.dirname(path)
    for _ in range(level - 1):
        folder = os.path.dirname(folder)
    root = next((root for root in reversed(roots) if root and folder.startswith(root)), "")
    return os.path.relpath(folder, root or ".").replace(os.sep, ".").strip(".")
