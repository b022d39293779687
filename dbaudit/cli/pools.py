"""`dbaudit pools`: how an application uses its connections and pools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from dbaudit.cli.options import Output, command

if TYPE_CHECKING:
    from dbaudit.facts import Facts


@command
def pools(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", help="Python files, directories, globs. Nothing of them is run.")
    ],
    *,
    output: Output,
) -> None:
    """Checks how Python code connects to its database.

    Connections and pools made per request, unreturned ones, waits inside of transactions, queries in loops.
    """
    from dbaudit.cli.output import chosen, finish
    from dbaudit.engine import audit
    from dbaudit.notes import about_source

    checks = chosen(output, "POL")
    facts = _code(paths)
    asked = tuple(check for check in checks if not any(facts.missing(kind) for kind in check.needs))
    notes, failure = about_source(facts)
    finish(audit(command="pools", facts=facts, checks=asked, notes=notes, failure=failure), output)


def _code(paths: list[str]) -> Facts:
    """What the Python files of these paths say. Raises AuditError where there is none."""
    from dbaudit.sources.python_code import read

    return read(paths)
