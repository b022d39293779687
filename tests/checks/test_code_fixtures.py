"""The cases of fixtures that are Python source: `python` instead of `facts`, one text or texts by file name."""

import pytest
from test_fixtures import assert_as_expected, cases, options_of

from dbaudit.sources.python_code import read


@pytest.mark.parametrize(("check", "case"), cases("python"))
def test_on_source_alone(check, case, tmp_path):
    texts = case["python"] if isinstance(case["python"], dict) else {"app.py": case["python"]}
    (tmp_path / "pyproject.toml").touch()
    for name, text in texts.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    facts = read([str(tmp_path)])
    assert_as_expected(case, list(check.verdicts(facts, options_of(check, case))))
