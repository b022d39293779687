"""`dbaudit checks`: the catalogue, or one check's manual page."""

from __future__ import annotations

from typing import Annotated

import typer

from dbaudit.cli.options import Format, command


@command
def checks(
    name: Annotated[str | None, typer.Argument(metavar="[CODE|NAME]", help="One check: its manual page.")] = None,
    format: Annotated[Format, typer.Option("-F", "--format", help="Form of the list.")] = Format.FULL,
) -> None:
    """All checks, or the manual page of one."""
    import json

    from dbaudit.checks.registry import all_checks, choose
    from dbaudit.manual import catalog, page

    found = all_checks() if name is None else choose(all_checks(), select=[name])
    if format is Format.JSON:
        rows = [
            {"code": check.code, "name": check.name, "severity": str(check.severity), "title": check.title}
            | ({"manual": check.manual} if name else {})
            for check in found
        ]
        print(json.dumps(rows, indent=2))
    elif name and len(found) == 1:
        print(page(found[0]), end="")
    else:
        print(catalog(found), end="")
