"""A condition on the day, month or year of a moment, as one on the moment itself."""

from __future__ import annotations


def on_moments(name: str, operator: str, first: str, following: str) -> str:
    """The condition in SQL over the bare column, or "" for an operator that none means the same as.

    `first` is where the day begins, `following` where the next one does: nothing falls between.
    """
    return {
        "=": f"{name} >= {first} AND {name} < {following}",
        ">=": f"{name} >= {first}",
        "<": f"{name} < {first}",
        ">": f"{name} >= {following}",
        "<=": f"{name} < {following}",
    }.get(operator, "")
