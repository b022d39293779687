"""`dbaudit lint` on a plain command line, without typer: a hook runs it for every commit, and importing typer takes longer
than to audit a file. What is not plain, mistakes among it, is typer's to read.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from dbaudit.cli.boundary import within_boundary
from dbaudit.cli.choices import Color, Connection, Format, Level, Output

_FLAGS = {"--exit-zero": "exit_zero", "-q": "quiet", "--quiet": "quiet", "-v": "verbose", "--verbose": "verbose"}
_WITH_VALUE: dict[str, tuple[str, Callable[[str], Any]]] = {
    "-F": ("format", Format),
    "--format": ("format", Format),
    "--fail-on": ("fail_on", Level),
    "--color": ("color", Color),
    "-o": ("output", str),
    "--output": ("output", str),
    "--select": ("select", str),
    "--ignore": ("ignore", str),
}


def lint_if_plain(arguments: Sequence[str]) -> None:
    """Runs `lint` and leaves with its exit code, where this is a plain command line of it; else does nothing."""
    if arguments[:1] != ["lint"] or any(name.endswith("_COMPLETE") for name in os.environ):
        return
    plain = read(arguments[1:])
    if plain is None:
        return
    paths, output = plain

    def run() -> None:
        from dbaudit.cli.linting import lint_files

        lint_files(paths, Connection(), output)

    within_boundary(run, verbose=output.verbose)


def read(arguments: Sequence[str]) -> tuple[list[str], Output] | None:
    """The paths and the options of a command line as typer reads them; None where that is left to typer."""
    paths: list[str] = []
    values: dict[str, Any] = {}
    remaining = iter(arguments)
    for argument in remaining:
        if argument == "-" or not argument.startswith("-"):
            paths.append(argument)
        elif argument in _FLAGS:
            values[_FLAGS[argument]] = True
        else:
            option, is_glued, value = argument.partition("=") if argument.startswith("--") else (argument, "", "")
            value = value if is_glued else next(remaining, "-")
            if option not in _WITH_VALUE or value.startswith("-"):
                return None
            name, kind = _WITH_VALUE[option]
            try:
                given = kind(value)
            except ValueError:
                return None
            values[name] = [*values.get(name, []), given] if name in ("select", "ignore") else given
    return (paths, Output(**values)) if paths else None
