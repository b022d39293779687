"""The five majors of PostgreSQL that everything is tested on, and where their binaries are."""

from __future__ import annotations

import json
import operator
import re
from contextlib import suppress
from pathlib import Path

MAJORS = (14, 15, 16, 17, 18)
PACKAGES = Path(__file__).parent / "servers" / "node_modules"


def bin_directory(major: int) -> Path:
    """The bin directory of a major. The packages' library links are made here: npm may be told to run no scripts.

    Raises FileNotFoundError where the major is not installed.
    """
    package = PACKAGES / f"pg{major}"
    for link in json.loads((package / "native" / "pg-symlinks.json").read_text()):
        target = package / link["target"]
        with suppress(FileExistsError):
            target.symlink_to((package / link["source"]).name)
    return package / "native" / "bin"


def missing() -> list[int]:
    """The majors that are not installed."""
    return [major for major in MAJORS if not (PACKAGES / f"pg{major}" / "native" / "bin" / "postgres").exists()]


def concerned(spec: str) -> list[int]:
    """The majors that a specification such as '>= 16' is about."""
    comparisons = {">=": operator.ge, "<=": operator.le, "<": operator.lt, ">": operator.gt, "==": operator.eq}
    sign, number = re.fullmatch(r"([<>=]=?)\s*(\d+)", spec).groups()
    return [major for major in MAJORS if comparisons[sign](major, int(number))]
