"""Every check has a manual page, and docs/ holds what the code says."""

import importlib.util
from pathlib import Path

import pytest

from dbaudit.checks.registry import all_checks

ROOT = Path(__file__).parents[2]
HEADINGS = ["What it does", "Why it matters", "How it is found", "Example", "Instead", "When to ignore"]


def generator():
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.name)
def test_a_manual_page_has_every_heading_in_order(check):
    assert [line[3:] for line in check.manual.splitlines() if line.startswith("## ")] == HEADINGS
    assert check.title.endswith(".") and len(check.title) <= 100


def test_the_pages_in_docs_are_those_of_the_code():
    docs = ROOT / "docs"
    expected = generator().pages()
    written = {path.relative_to(docs).as_posix(): path for path in docs.rglob("*.md")}
    assert {name for name in written if name.startswith("checks/")} == {name for name in expected if "/" in name}
    stale = [name for name, text in expected.items() if written[name].read_text("utf-8") != text]
    assert stale == [], "run: python docs/generate.py"
