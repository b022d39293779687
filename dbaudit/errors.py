"""Failures that the reader can do something about. Whoever raises one says what happened, where, and what to do."""

from __future__ import annotations


class AuditError(Exception):
    """The audit could not be done. `str(error)` is one line for the reader; `remedy`, if any, is the next step."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


class ConnectionFailed(AuditError):
    """The server could not be reached, or would not let us in."""


class ServerFull(ConnectionFailed):
    """The server answered, and refused us because no connection slot is left (SQLSTATE 53300)."""


class ServerGone(AuditError):
    """The server was there and went away while we were asking."""
