"""The one place where exceptions end, as one line on stderr and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from dbaudit.cli.say import say
from dbaudit.errors import AuditError

CLEAN, FAILED, INTERRUPTED = 0, 2, 130


def within_boundary(run: Callable[[], None], *, verbose: bool = False) -> None:
    """Runs and always leaves by SystemExit.

    An AuditError is exit 2 with its remedy, Ctrl-C is exit 130, a reader that went away is exit 0, and whatever nobody
    expected is exit 2 in one line, with the traceback where `verbose`: never 1, which would read as findings.
    """
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")
    try:
        run()
        sys.stdout.flush()
    except AuditError as error:
        say(f"error: {error}")
        if error.remedy:
            say(f"try: {error.remedy}")
        sys.exit(FAILED)
    except KeyboardInterrupt:
        say("interrupted")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        _forget_stdout()
        sys.exit(CLEAN)
    except OSError as error:
        _forget_stdout()
        _show(error, verbose)
        say(f"error: {error.strerror or error}{f': {error.filename}' if error.filename else ''}")
        sys.exit(FAILED)
    except Exception as error:
        _show(error, verbose)
        text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        say(f"internal error: {text}")
        if not verbose:
            say("try: the same command with -v, for a traceback to report")
        sys.exit(FAILED)
    sys.exit(CLEAN)


def leave(ending: SystemExit) -> NoReturn:
    """Ends the process with the exit code, without taking apart all modules first: that takes as long as 100 plans."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(ending.code if isinstance(ending.code, int) else FAILED if ending.code else CLEAN)


def _show(error: Exception, verbose: bool) -> None:
    if verbose:
        import traceback

        traceback.print_exception(error)


def _forget_stdout() -> None:
    """Python flushes stdout once more at exit, into the same broken pipe or full disk."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
