"""The laws of the house, held by reading its source."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "dbaudit"
MODULES = sorted(PACKAGE.rglob("*.py"))

# Who may import whom: a room sees itself and these. `cli` sees all.
SEES = {
    "finding.py": set(),
    "errors.py": set(),
    "facts": {"finding"},
    "units.py": set(),
    "checks": {"facts", "finding", "errors", "units"},
    "engine.py": {"checks", "facts", "finding"},
    "exits.py": {"engine", "finding"},
    "notes.py": {"facts", "units"},
    "manual.py": {"checks"},
    "sources": {"facts", "finding", "errors", "__version__"},
    "lab": {"facts", "finding", "errors", "sources", "__version__"},
    "advisor": {"facts", "finding", "errors", "sources", "lab", "units"},
    "report": {"engine", "facts", "finding", "units", "__version__"},
}
ONLY_IN = {
    "psycopg": ("sources/postgres/", "sources/pgbouncer.py", "lab/"),
    "rich": ("report/full.py", "cli/"),
    "typer": ("cli/",),
    "yaml": ("sources/pool_budget/yaml_files.py",),
}
# "About" 120 for a check with its page, 150 for a command, 400 for everything else, the checks' helpers 200.
LONGEST = {"checks": 130, "cli": 160}


def place(module: Path) -> str:
    return module.relative_to(PACKAGE).as_posix()


def imports(module: Path) -> set[str]:
    """The dotted names of all modules that a module imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{place(module)}: a relative import"
            names |= {node.module} if node.module != "dbaudit" else {f"dbaudit.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("module", MODULES, ids=place)
def test_a_room_sees_only_what_the_law_lets_it_see(module):
    room = place(module).split("/")[0]
    if room in ("cli", "__init__.py", "__main__.py"):
        return
    seen = {name.split(".")[1] for name in imports(module) if name.startswith("dbaudit.")}
    assert seen - SEES[room] - {room.removesuffix(".py")} == set()


@pytest.mark.parametrize("module", MODULES, ids=place)
def test_a_library_is_imported_only_where_it_lives(module):
    libraries = {name.split(".")[0] for name in imports(module)}
    for library, places in ONLY_IN.items():
        if library in libraries:
            assert place(module).startswith(places), f"{place(module)} imports {library}"


@pytest.mark.parametrize("module", MODULES, ids=place)
def test_no_file_outgrows_its_room(module):
    is_helper = module.name.startswith("_") and place(module).startswith("checks/")
    limit = 200 if is_helper else LONGEST.get(place(module).split("/")[0], 400)
    assert len(module.read_text().splitlines()) <= limit


@pytest.mark.parametrize("module", MODULES, ids=place)
def test_every_module_and_public_function_says_what_it_is(module):
    tree = ast.parse(module.read_text())
    assert ast.get_docstring(tree) or not tree.body, place(module)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            if place(module).startswith("checks/") and node.decorator_list:
                continue
            assert ast.get_docstring(node) or isinstance(node, ast.ClassDef), f"{place(module)}: {node.name}"


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["checks"]], ids=" ".join)
def test_what_needs_no_server_imports_no_driver(arguments):
    command = [sys.executable, "-X", "importtime", "-m", "dbaudit", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert done.returncode == 0 and "typer" in imported
    assert imported & {"psycopg", "yaml"} == set()


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.sql")), ids=lambda path: path.name)
def test_a_query_of_ours_names_its_catalogs_in_full(path):
    import re

    text = re.sub(r"--[^\n]*|'[^']*'", "", path.read_text())
    unqualified = [
        match for match in re.findall(r"(?<![.\w])(pg_\w+)(?!\w*\.)", text) if match not in ("pg_catalog", "pg_toast")
    ]
    assert unqualified == []
