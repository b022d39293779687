"""From Python files to facts about connections, pools, transactions and queries. Nothing of them is imported or run."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable

from dbaudit.facts import Facts
from dbaudit.facts.code import (
    Borrowed,
    DjangoDatabase,
    HeldTransaction,
    Opening,
    RepeatedQuery,
    SourceFiles,
    UnreadFile,
)
from dbaudit.sources.python_code.borrowings import borrowings
from dbaudit.sources.python_code.django_settings import django_databases
from dbaudit.sources.python_code.entries import Entries
from dbaudit.sources.python_code.files import Found, content, python_files
from dbaudit.sources.python_code.held import held_transactions
from dbaudit.sources.python_code.openings import openings
from dbaudit.sources.python_code.origins import Project
from dbaudit.sources.python_code.parsing import Module, module_name, parse
from dbaudit.sources.python_code.reach import Reach
from dbaudit.sources.python_code.repeated import repeated_queries

# A file without any of these words neither connects nor queries by itself.
_DATABASE = re.compile(
    rb"psycopg|asyncpg|aiopg|sqlalchemy|sqlmodel|django\.db|django\.shortcuts|\.objects\b|\bDATABASES\b|redis|pymongo"
    rb"|motor_asyncio|\.execute\(|\.fetch(row|val)?\(",
    re.IGNORECASE,
)
_IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+([.\w]+)[ \t]+import[ \t]*(\([^)]*\)|[^\n]*)|import[ \t]+([^\n]*))", re.MULTILINE
)
_WORD = re.compile(rb"\w+")


def read(paths: Iterable[str]) -> Facts:
    """Everything that the files say, under the types of facts/code.py.

    A file that cannot be read or parsed is an UnreadFile. Raises AuditError where no file is meant.
    """
    return facts_of(python_files(paths))


def facts_of(found: Found) -> Facts:
    """The facts of these files."""
    data: dict[str, bytes] = {}
    unread: list[UnreadFile] = []
    for path in found.paths:
        try:
            data[path] = content(path)
        except ValueError as error:
            unread.append(UnreadFile(path=path, reason=str(error)))
    modules = []
    for path in concerned(data):
        module = _parsed(path, data[path])
        (unread if isinstance(module, UnreadFile) else modules).append(module)
    return _facts(Project(modules), found, unread)


def concerned(data: dict[str, bytes]) -> list[str]:
    """The files that have to do with a database, those that import one by whatever way, and what all these import."""
    wanted = {path for path, text in data.items() if _DATABASE.search(text)}
    imported = {path: _imported(text) for path, text in data.items()}
    importers: dict[bytes, list[str]] = {}
    for path, names in imported.items():
        for name in names:
            importers.setdefault(name, []).append(path)
    queue = list(wanted)
    while queue:
        module = queue.pop()
        for path in importers.get(_words(module)[0], ()):
            if path not in wanted and _may_import(path, imported[path], module):
                wanted.add(path)
                queue.append(path)
    used = set().union(*(imported[path] for path in wanted))
    return [path for path in data if path in wanted or _words(path)[0] in used]


def _imported(text: bytes) -> set[bytes]:
    return {word for match in _IMPORT.finditer(text) for part in match.groups() if part for word in _WORD.findall(part)}


def _words(path: str) -> tuple[bytes, ...]:
    """The last two names by which a file is imported: its own and its package's."""
    folder, file = os.path.split(path)
    names = [*folder.split(os.sep), file.removesuffix(".py")]
    if names[-1] == "__init__":
        names.pop()
    return tuple(os.fsencode(name) for name in reversed(names[-2:]) if name)


def _may_import(path: str, names: set[bytes], module: str) -> bool:
    """Whether a file that imports a module's name means that module: by its package, or from a directory near it."""
    if names.issuperset(_words(module)):
        return True
    here, there = os.path.dirname(path), os.path.dirname(module)
    return here.startswith(there) or there.startswith(here)


def _parsed(path: str, data: bytes) -> Module | UnreadFile:
    try:
        return parse(path, data, module_name(path))
    except SyntaxError as error:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        reason = f"{error.msg or 'invalid syntax'} (to Python {version})"
        return UnreadFile(path=path, reason=reason, line=error.lineno or 0)
    except (RecursionError, MemoryError):
        return UnreadFile(path=path, reason="it is nested too deeply")
    except (ValueError, UnicodeError) as error:
        return UnreadFile(path=path, reason=str(error))


def _facts(project: Project, found: Found, unread: list[UnreadFile]) -> Facts:
    entries = Entries(project)
    reach = Reach(project, entries)
    files = SourceFiles(
        read_count=len(found.paths) - len(unread), left_out_count=found.left_out_count, serves=bool(entries)
    )
    return Facts(
        {
            SourceFiles: (files,),
            UnreadFile: tuple(unread),
            Opening: tuple(openings(project, reach)),
            Borrowed: tuple(borrowings(project, reach)),
            HeldTransaction: tuple(held_transactions(project, reach)),
            RepeatedQuery: tuple(repeated_queries(project, reach, entries)),
            DjangoDatabase: tuple(django_databases(project)),
        }
    )
