"""The commands, put together."""

from __future__ import annotations

from typing import Annotated

import typer

from dbaudit import __version__
from dbaudit.cli.checks import checks
from dbaudit.cli.connections import connections
from dbaudit.cli.demo import demo
from dbaudit.cli.explain import explain
from dbaudit.cli.indexes import indexes
from dbaudit.cli.lab import lab
from dbaudit.cli.lint import lint
from dbaudit.cli.pools import pools
from dbaudit.cli.snapshot import snapshot

app = typer.Typer(
    name="dbaudit",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"dbaudit {__version__}")
        raise typer.Exit()


@app.callback()
def dbaudit(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Finds what makes a PostgreSQL application slow, and says what to change.

    Try `dbaudit demo`: it needs no server and no configuration.
    """


for function in (demo, explain, lint, indexes, connections, pools, snapshot, lab, checks):
    app.command(function.__name__)(function)
