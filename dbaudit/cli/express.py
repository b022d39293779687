"""`dbaudit lint` and `dbaudit explain` on a plain command line, without typer: a hook runs them for every commit, and
importing typer takes longer than to audit a file. What is not plain, mistakes among it, is typer's to read.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from dbaudit.cli.boundary import within_boundary
from dbaudit.cli.choices import Color, Connection, Explaining, Format, Level, Output


def _path(value: str) -> Any:
    from pathlib import Path

    return Path(value)


def _seconds(value: str) -> float:
    seconds = float(value)
    if not seconds >= 0.001:
        raise ValueError
    return seconds


def _runs(value: str) -> int:
    if not value.isdecimal() or not 1 <= int(value) <= 100:
        raise ValueError
    return int(value)


def _port(value: str) -> int:
    if not value.isdecimal():
        raise ValueError
    return int(value)


_REPORT_FLAGS = {"--exit-zero": "exit_zero", "-q": "quiet", "--quiet": "quiet", "-v": "verbose", "--verbose": "verbose"}
_REPORT_VALUES: dict[str, tuple[str, Callable[[str], Any]]] = {
    "-F": ("format", Format),
    "--format": ("format", Format),
    "--fail-on": ("fail_on", Level),
    "--color": ("color", Color),
    "-o": ("output", str),
    "--output": ("output", str),
    "--select": ("select", str),
    "--ignore": ("ignore", str),
}
_EXPLAIN_FLAGS = {
    "--plan": "plan", "--no-analyze": "no_analyze", "--show-values": "show_values", "--no-proof": "no_proof",
    "-w": "no_password", "--no-password": "no_password",
}
_EXPLAIN_VALUES: dict[str, tuple[str, Callable[[str], Any]]] = {
    "--timeout": ("timeout", _seconds),
    "--runs": ("runs", _runs),
    "--params": ("params", str),
    "--snapshot": ("snapshot", _path),
    "--schema": ("schema", str),
    "--pg-bin": ("pg_bin", _path),
    "--prove-on": ("prove_on", str),
    "--save-plans": ("save_plans", str),
    "--against": ("against", str),
    "-h": ("host", str),
    "--host": ("host", str),
    "-p": ("port", _port),
    "--port": ("port", _port),
    "-U": ("username", str),
    "--username": ("username", str),
    "-d": ("dbname", str),
    "--dbname": ("dbname", str),
}
_LISTS = ("select", "ignore", "schema")
_FLAGS = {"lint": _REPORT_FLAGS, "explain": _REPORT_FLAGS | _EXPLAIN_FLAGS}
_VALUES = {"lint": _REPORT_VALUES, "explain": _REPORT_VALUES | _EXPLAIN_VALUES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What a command line says: the files, and the options of each group."""

    paths: list[str]
    output: Output
    connection: Connection
    explaining: Explaining


def run_if_plain(arguments: Sequence[str]) -> None:
    """Runs the command and leaves with its exit code, where this is a plain command line of it; else does nothing."""
    command = arguments[0] if arguments else ""
    if command not in _FLAGS or any(name.endswith("_COMPLETE") for name in os.environ):
        return
    line = read(command, arguments[1:])
    if line is None:
        return

    def run() -> None:
        if command == "lint":
            from dbaudit.cli.linting import lint_files

            lint_files(line.paths, line.connection, line.output)
        else:
            from dbaudit.cli.explaining import explain_files

            explain_files(line.paths, line.explaining, line.connection, line.output)

    within_boundary(run, verbose=line.output.verbose)


def read(command: str, arguments: Sequence[str]) -> Line | None:
    """A command line as typer reads it; None where that is left to typer."""
    paths: list[str] = []
    values: dict[str, Any] = {}
    remaining = iter(arguments)
    for argument in remaining:
        if argument == "-" or not argument.startswith("-"):
            paths.append(argument)
        elif argument in _FLAGS[command]:
            values[_FLAGS[command][argument]] = True
        else:
            option, is_glued, value = argument.partition("=") if argument.startswith("--") else (argument, "", "")
            value = value if is_glued else next(remaining, "-")
            if option not in _VALUES[command] or value.startswith("-"):
                return None
            name, kind = _VALUES[command][option]
            try:
                given = kind(value)
            except ValueError:
                return None
            values[name] = [*values.get(name, []), given] if name in _LISTS else given
    if not paths:
        return None
    groups = {
        name: group(**{field.name: values[field.name] for field in fields(group) if field.name in values})
        for name, group in (("output", Output), ("connection", Connection), ("explaining", Explaining))
    }
    return Line(paths=paths, **groups)
