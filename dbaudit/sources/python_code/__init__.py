"""From Python files to facts about connections, pools, transactions and queries. Nothing of them is imported or run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from dbaudit.facts import Facts
from dbaudit.facts.code import Borrowed, DjangoDatabase, HeldTransaction, Opening, RepeatedQuery, SourceFiles, UnreadFile
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
    rb"psycopg|asyncpg|aiopg|sqlalchemy|sqlmodel|django|redis|pymongo|motor_asyncio|\.execute\(|\.fetch(row|val)?\("
    rb"|requests|httpx|aiohttp|smtplib|urllib|\bsleep\("
)
_IMPORT = re.compile(rb"^[ \t]*(?:from[ \t]+([.\w]+)[ \t]+import[ \t]*(\([^)]*\)|[^\n]*)|import[ \t]+([^\n]*))", re.MULTILINE)
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
    importers: dict[bytes, set[str]] = {}
    for path, names in imported.items():
        for name in names:
            importers.setdefault(name, set()).add(path)
    queue = list(wanted)
    while queue:
        for path in importers.pop(_module_word(queue.pop()), ()):
            if path not in wanted:
                wanted.add(path)
                queue.append(path)
    used = set().union(*(imported[path] for path in wanted))
    return [path for path in data if path in wanted or _module_word(path) in used]


def _imported(text: bytes) -> set[bytes]:
    return {word for match in _IMPORT.finditer(text) for part in match.groups() if part for word in _WORD.findall(part)}


def _module_word(path: str) -> bytes:
    name = os.path.basename(path).removesuffix(".py")
    return os.fsencode(os.path.basename(os.path.dirname(os.path.abspath(path))) if name == "__init__" else name)


def _parsed(path: str, data: bytes) -> Module | UnreadFile:
    try:
        return parse(path, data, module_name(path))
    except SyntaxError as error:
        return UnreadFile(path=path, reason=error.msg or "invalid syntax", line=error.lineno or 0)
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
