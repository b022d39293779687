"""The options that commands share: how to connect, in psql's own letters, and what to do with the report.

Their annotations are typer's, and stay text until a command line is typer's to read: it takes as long to import as a small
file to audit.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

if TYPE_CHECKING:
    from pathlib import Path

    import typer


_TIMEOUT_S = 30.0


class Format(StrEnum):
    FULL = "full"
    CONCISE = "concise"
    JSON = "json"
    OPENMETRICS = "openmetrics"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Explaining:
    """How `explain` goes about its statements, and whose plans it asks for."""

    timeout: Annotated[
        float | None, typer.Option("--timeout", min=0.001, help="Per run of a statement, in seconds.", show_default="30")
    ] = None
    runs: Annotated[
        int | None, typer.Option("--runs", min=1, max=100, help="Run each statement so often: cold is told from warm.")
    ] = None
    plan: Annotated[
        bool, typer.Option("--plan", help="The files hold plans: EXPLAIN's JSON, YAML or text, or auto_explain's log.")
    ] = False
    no_analyze: Annotated[bool, typer.Option("--no-analyze", help="Only plan: run nothing.")] = False
    params: Annotated[
        str | None, typer.Option("--params", metavar="FILE", help="Values for parameters, by statement: TOML or JSON.")
    ] = None
    show_values: Annotated[
        bool, typer.Option("--show-values", help="Show the values that parameters were tried with.")
    ] = False
    snapshot: Annotated[
        Path | None, typer.Option("--snapshot", metavar="FILE", help="Plan on a snapshot's twin; no server is needed.")
    ] = None
    schema: Annotated[
        list[str],
        typer.Option("--schema", metavar="PATH", help="With --snapshot: the schema, or migrations, of this branch: SQL."),
    ] = ()
    pg_bin: Annotated[
        Path | None, typer.Option("--pg-bin", metavar="DIR", help="PostgreSQL's bin directory for twins.")
    ] = None
    no_proof: Annotated[bool, typer.Option("--no-proof", help="Do not try fixes: quicker, and unproven.")] = False
    prove_on: Annotated[
        str | None,
        typer.Option(
            "--prove-on", metavar="CONNINFO|URI|target",
            help="A copy that may be written to: measure fixes there, and undo them. target: what is audited is one.",
        ),
    ] = None
    save_plans: Annotated[
        str | None, typer.Option("--save-plans", metavar="FILE", help="Write the plans there, to compare later ones with.")
    ] = None
    against: Annotated[
        str | None, typer.Option("--against", metavar="FILE", help="Saved plans: report what has become worse since.")
    ] = None

    @property
    def timeout_ms(self) -> int:
        return round((self.timeout or _TIMEOUT_S) * 1000)
