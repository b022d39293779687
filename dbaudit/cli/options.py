"""The options that commands share: how to connect, in psql's own letters, and what to do with the report."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import StrEnum
from typing import Annotated, Any, get_type_hints

import typer

from dbaudit.cli.boundary import within_boundary


class Format(StrEnum):
    FULL = "full"
    CONCISE = "concise"
    JSON = "json"


class Level(StrEnum):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Color(StrEnum):
    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Where the server is. What is not given is left to libpq's environment, then to DATABASE_URL."""

    host: Annotated[str | None, typer.Option("-h", "--host", metavar="HOST", help="Host, or a socket's directory.")] = None
    port: Annotated[int | None, typer.Option("-p", "--port", metavar="PORT", help="Port.")] = None
    username: Annotated[str | None, typer.Option("-U", "--username", metavar="ROLE", help="Role to connect as.")] = None
    dbname: Annotated[
        str | None, typer.Option("-d", "--dbname", metavar="DBNAME", help="Database name, conninfo string or URI.")
    ] = None
    no_password: Annotated[bool, typer.Option("-w", "--no-password", help="Never ask for a password.")] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """Which checks, which form, where to, and what counts as a failure."""

    select: Annotated[
        list[str], typer.Option("--select", metavar="CHECK", help="Only these checks: code, start of a code, or name.")
    ] = ()
    ignore: Annotated[list[str], typer.Option("--ignore", metavar="CHECK", help="Not these checks.")] = ()
    fail_on: Annotated[Level, typer.Option("--fail-on", help="Exit 1 from this severity on.")] = Level.WARNING
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Exit 0 where findings would be exit 1.")] = False
    format: Annotated[Format, typer.Option("-F", "--format", help="Form of the report.")] = Format.FULL
    output: Annotated[str | None, typer.Option("-o", "--output", metavar="FILE", help="Write the report there.")] = None
    color: Annotated[Color, typer.Option("--color", help="Colours in the report.")] = Color.AUTO
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Only the report: no notices on stderr.")] = False
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="More in the report; tracebacks on errors.")] = False


Target = Annotated[
    str | None, typer.Argument(metavar="DBNAME|CONNINFO|URI", help="The database; see also -h -p -U -d.")
]


def command(function: Callable[..., None]) -> Callable[..., None]:
    """Spreads each parameter that is a group of options, such as those above, and runs within the boundary."""
    hints = get_type_hints(function, include_extras=True)
    groups = {name: hint for name, hint in hints.items() if is_dataclass(hint)}
    own = [p.replace(annotation=hints[p.name]) for p in inspect.signature(function).parameters.values()]

    @functools.wraps(function)
    def run(**values: Any) -> None:
        for name, group in groups.items():
            values[name] = group(**{field.name: values.pop(field.name) for field in fields(group)})
        verbose = any(isinstance(value, Output) and value.verbose for value in values.values())
        within_boundary(lambda: function(**values), verbose=verbose)

    parameters = [p for p in own if p.name not in groups] + [p for group in groups.values() for p in _parameters(group)]
    run.__signature__ = inspect.Signature([p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in parameters])
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    return run


def _parameters(group: type) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if field.default is MISSING else field.default,
            annotation=hints[field.name],
        )
        for field in fields(group)
    ]
