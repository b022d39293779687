"""The command line: the only place that touches stdin, stdout, stderr and exit codes."""

from __future__ import annotations


def main() -> None:
    """The entry point of `dbaudit`."""
    from dbaudit.cli.boundary import within_boundary

    def run() -> None:
        from dbaudit.cli.app import app

        app()

    within_boundary(run)
