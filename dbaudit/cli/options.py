"""How the options that commands share become those of a command."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from dbaudit.cli.boundary import within_boundary
from dbaudit.cli.choices import Color as Color
from dbaudit.cli.choices import Connection as Connection
from dbaudit.cli.choices import Explaining as Explaining
from dbaudit.cli.choices import Format as Format
from dbaudit.cli.choices import Output as Output


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """Where what was read is written to."""

    output: Annotated[str | None, typer.Option("-o", "--output", metavar="FILE", help="Write it there.")] = None
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No notices on stderr.")] = False
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="More notices; tracebacks on errors.")] = False


Snapshot = Annotated[
    Path | None, typer.Option("--snapshot", metavar="FILE", help="Audit a snapshot instead of a server; no server is needed.")
]
NoProof = Annotated[bool, typer.Option("--no-proof", help="Do not try fixes: quicker, and unproven.")]
PgBin = Annotated[Path | None, typer.Option("--pg-bin", metavar="DIR", help="PostgreSQL's bin directory to use.")]
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
        verbose = any(isinstance(value, Output | Saving) and value.verbose for value in values.values())
        within_boundary(lambda: function(**values), verbose=verbose)

    parameters = [p for p in own if p.name not in groups] + [p for group in groups.values() for p in _parameters(group)]
    run.__signature__ = inspect.Signature([p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in parameters])
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    return run


def _parameters(group: type) -> list[inspect.Parameter]:
    hints = get_type_hints(group, localns={"typer": typer, "Path": Path}, include_extras=True)
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if field.default is MISSING else field.default,
            annotation=hints[field.name],
        )
        for field in fields(group)
    ]
