"""The command line: the only place that touches stdin, stdout, stderr and exit codes."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """The entry point of `dbaudit`."""
    # Plans and catalogs are trees without cycles: looking for some after every 700 objects costs a tenth of a short run.
    gc.set_threshold(100_000, 20, 20)

    from dbaudit.cli.boundary import leave, within_boundary

    def run() -> None:
        from dbaudit.cli.express import run_if_plain

        run_if_plain(sys.argv[1:])

        from dbaudit.cli.app import app

        app()

    try:
        within_boundary(run)
    except SystemExit as ending:
        leave(ending)
