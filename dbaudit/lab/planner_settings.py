"""The settings that plans depend on, carried from a snapshot into a twin."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import psycopg
from psycopg import sql

from dbaudit.facts.snapshot import Omission, PlannerSetting
from dbaudit.lab.stubs import unquoted
from dbaudit.sources.postgres.planner_settings import NAMES

# What a superuser sets here comes from a file that anybody may have written: only what snapshots are about, which loads no
# library and names no command and no file.
_CARRIED = frozenset(name.lower() for name in NAMES)


def apply(
    admin: psycopg.Connection, database: str, settings: Iterable[PlannerSetting]
) -> tuple[list[PlannerSetting], list[Omission]]:
    """Makes the server's settings, overridden by those of its database, the defaults of the twin's `database`.

    Settings of a role are not applied: `of_role` gives them. Returns what the twin's server takes, and what it refuses.
    """
    taken, omissions = [], []
    named = (_as_named_here(one, admin) for one in settings)
    for setting in sorted(named, key=lambda one: (bool(one.role), bool(one.database))):
        if setting.name.lower() not in _CARRIED:
            continue
        if reason := _apply(admin, database, setting):
            of = f" of {setting.role}" if setting.role else ""
            omissions.append(Omission(kind="setting", name=f"{setting.name}{of}", reason=reason))
        else:
            taken.append(setting)
    return taken, omissions


def _as_named_here(setting: PlannerSetting, admin: psycopg.Connection) -> PlannerSetting:
    """The setting by the name that it has on the twin's major. 16 has renamed one."""
    names = ("force_parallel_mode", "debug_parallel_query")
    here = names[admin.info.server_version // 10000 >= 16]
    return replace(setting, name=here) if setting.name in names else setting


def of_role(settings: Iterable[PlannerSetting], role: str) -> dict[str, str]:
    """The settings that a session of `role` has beyond its database's, the most specific ones last to win."""
    own = (one for one in settings if role and unquoted(one.role) == unquoted(role))
    return {one.name.lower(): one.value for one in sorted(own, key=lambda one: bool(one.database))}


def search_path(settings: Iterable[PlannerSetting]) -> str:
    """Where the source's sessions look for names, as SHOW prints it; empty where the snapshot does not say."""
    own = [one for one in settings if one.name == "search_path" and not one.role]
    return max(own, key=lambda one: bool(one.database)).value if own else ""


def _apply(admin: psycopg.Connection, database: str, setting: PlannerSetting) -> str:
    """Why the server refuses the setting, or nothing."""
    name = setting.name.lower()
    alter = sql.SQL("alter database {} set {} from current").format(sql.Identifier(database), sql.Identifier(name))
    try:
        with admin.transaction():
            # set_config reads a list as the source printed it, which SET … TO 'text' would take for one name.
            admin.execute("select pg_catalog.set_config($1, $2, true)", [name, setting.value], binary=True)
            if not setting.role:
                admin.execute(alter, binary=True)
    except (psycopg.DatabaseError, UnicodeEncodeError) as error:
        if admin.closed:
            raise
        return " ".join(str(error).split())
    return ""
