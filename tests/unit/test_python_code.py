"""Python files of every kind as facts: what is left out, what cannot be read, and where a call stands."""

from __future__ import annotations

import os

import pytest

from dbaudit.errors import AuditError
from dbaudit.facts.code import Opening, SourceFiles, UnreadFile
from dbaudit.sources.python_code import read

LOOP = "import psycopg\ndef f(rows):\n    for row in rows:\n        psycopg.connect('dbname=x')\n"


@pytest.fixture
def project(tmp_path):
    """Writes files below a directory that looks like a project's root, and gives it."""

    def write(**files: str | bytes):
        (tmp_path / "pyproject.toml").touch()
        for name, text in files.items():
            path = tmp_path / f"{name.replace('__', os.sep)}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return tmp_path

    return write


def functions(facts) -> list[str]:
    return sorted(row.function for row in facts[Opening])


def test_environments_hidden_directories_tests_and_migrations_are_left_out(project):
    names = ("app", "venv__a", "node_modules__a", "tests__a", "migrations__a", "test_a", "a_test", "env__lib")
    names += ("alembic__versions__a", "api__versions__a")
    root = project(**dict.fromkeys(names, LOOP), **{".tox__a": LOOP, "alembic__env": ""})
    (root / "env" / "pyvenv.cfg").touch()
    facts = read([str(root)])
    assert functions(facts) == ["api.versions.a.f", "app.f"]
    assert facts[SourceFiles][0].left_out_count == 5


def test_what_is_named_is_read_whatever_it_is_called(project):
    root = project(test_a=LOOP)
    assert functions(read([str(root / "test_a.py")])) == ["test_a.f"]
    with pytest.raises(AuditError, match="no Python file to read"):
        read([str(root)])
    with pytest.raises(AuditError, match="no such file"):
        read([str(root / "nothing.py")])


def test_links_in_circles_and_out_of_the_tree_are_not_followed(project):
    root = project(app=LOOP)
    (root / "again").symlink_to(root)
    (root / "link.py").symlink_to(root / "app.py")
    (root / "gone.py").symlink_to(root / "nowhere")
    assert functions(read([str(root)])) == ["app.f"]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (b"import psycopg\nprint 'x'\n", 2, "Missing parentheses"),
        (b"import psycopg\n\xff\xfe\n", 2, "utf-8"),
        (b"import psycopg\nx = '\0'\n", 0, "null byte"),
        (b"# coding: nonsense\nimport psycopg\n", 0, "unknown encoding"),
        (b"import psycopg\n" + b"(" * 5000 + b")" * 5000, None, ""),
        (b"import psycopg\nx = " + b" + ".join([b"'x'"] * 900), 0, "nested too deeply"),
        (b"import psycopg\n" + b"#" * (5 << 20), 0, "larger than 4 MB"),
    ],
    ids=["syntax", "not UTF-8", "NUL", "no such encoding", "deep", "long sum", "huge"],
)
def test_a_file_that_cannot_be_read_is_named_and_the_others_are_read(project, text, line, said):
    facts = read([str(project(good=LOOP, bad=text))])
    (unread,) = facts[UnreadFile]
    assert functions(facts) == ["good.f"]
    assert unread.path.endswith("bad.py") and said in unread.reason and line in (unread.line, None)


def test_the_encoding_of_a_file_is_its_own_and_columns_count_characters(project):
    text = "# -*- coding: latin-1 -*-\nimport psycopg\ndef f(rows):\n    for r in rows: 'é'; psycopg.connect('é')\n"
    (row,) = read([str(project(app=text.encode("latin-1")))])[Opening]
    line = text.splitlines()[3]
    assert (row.span.line, row.span.column) == (4, line.index("psycopg") + 1)
    assert row.span.end_column == len(line) + 1


@pytest.mark.parametrize(
    "text",
    [
        "x = x",
        "import a\na = a.b(a)",
        "def f():\n    return f()\nf()()",
        "class A(A):\n    pass\nA().x.y()",
        "class A(B):\n    pass\nclass B(A):\n    pass\nA().execute('select 1')",
        "class A:\n    def f(self):\n        self.x = self.x.y(self.x)\n        self.x.execute('select 1')",
        "def f(x):\n    for x in sorted(x):\n        x = sorted(x)\n        x.execute(x + x)",
        "s = s + 'x'\ndef f(cursor):\n    for s in t():\n        s = s + s\n        cursor.execute(s)",
        "from app import *\nfrom . import app\nfrom .. import x\nx.execute(1)",
        "lambda: (yield)",
        "async def f():\n    return [await x async for x in y() if x.execute('select 1', x)]",
        "match x:\n    case {'a': [1, *rest]}:\n        rest.execute(rest)",
        "try:\n    pass\nexcept* ValueError:\n    pass",
        "",
    ],
)
def test_source_that_refers_to_itself_ends(project, text):
    assert read([str(project(app=f"import psycopg\n{text}\n"))])[UnreadFile] == ()


def test_a_function_is_named_from_the_projects_root_wherever_the_audit_starts(project):
    root = project(shop__db=LOOP)
    for path in (root, root / "shop", root / "shop" / "db.py"):
        assert functions(read([str(path)])) == ["shop.db.f"]
