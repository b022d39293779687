"""Which objects of a schema are read: those asked for with what they need, without those that cannot be read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dbaudit.errors import AuditError
from dbaudit.facts.snapshot import Omission
from dbaudit.sources.postgres.schema.listing import Key, Listed, Listing
from dbaudit.sources.postgres.schema.pattern import matches

_RELATIONS = ("table", "view", "materialized view", "sequence", "foreign table")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The keys of what is read, and what was asked for and is left out."""

    keys: frozenset[Key]
    omissions: tuple[Omission, ...]

    def oids(self, catalog: str) -> list[int]:
        """The oids of the wanted rows of a catalog."""
        return [key.oid for key in self.keys if key.catalog == catalog]


def select(listing: Listing, schemas: Iterable[str] = (), tables: Iterable[str] = ()) -> Wanted:
    """What matches one of the patterns, psql's, or everything where there are none.

    A pattern without a dot means a relation of any schema. Raises AuditError for a pattern that nothing matches.
    """
    unreadable = _unreadable(listing)
    schemas, tables = tuple(schemas), tuple(tables)
    keys = _closure(listing, _roots(listing, schemas, tables)) if schemas or tables else set(listing.objects)
    omitted = sorted((listing.objects[key] for key in keys if key in unreadable), key=lambda each: (each.kind, each.name))
    selected_away = [] if not (schemas or tables) else _foreign_keys_to_others(listing, keys)
    return Wanted(
        keys=frozenset(keys - unreadable.keys() - {each.key for each, _ in selected_away}),
        omissions=(
            *(
                Omission(kind=each.kind, name=_called(each), reason=unreadable[each.key])
                for each in omitted
                if each.relation_key not in unreadable
            ),
            *(
                Omission(kind="constraint", name=_called(each), reason=f"it refers to {other}, which is not selected")
                for each, other in selected_away
                if each.key not in unreadable
            ),
        ),
    )


def _called(each: Listed) -> str:
    return f"{each.relation}.{each.name}" if each.kind in ("constraint", "foreign key", "policy", "rule") else each.name


def _unreadable(listing: Listing) -> Mapping[Key, str]:
    """What cannot be read or made elsewhere, and all that needs it, with the reason.

    The server would wait for a table's AccessExclusiveLock to print what is about it.
    """
    reasons: dict[Key, str] = {}
    for each in listing.objects.values():
        if each.kind == "foreign table":
            reasons[each.key] = "its rows are on another server, which plans depend on"
        elif each.is_locked and each.kind in ("table", "view", "materialized view"):
            reasons[each.key] = "another session holds or awaits an AccessExclusiveLock on it: try again later"
    needed_by: defaultdict[Key, list[Key]] = defaultdict(list)
    for key, needed in listing.needs.items():
        for each in needed if key in listing.objects else ():
            needed_by[each].append(key)
    waiting = sorted(reasons)
    while waiting:
        broken = waiting.pop()
        for key in needed_by[broken]:
            if key not in reasons:
                reasons[key] = f"it needs {listing.objects[broken].name}, which is not in the snapshot"
                waiting.append(key)
    return reasons


def _roots(listing: Listing, schemas: tuple[str, ...], tables: tuple[str, ...]) -> set[Key]:
    found: set[Key] = set()
    for pattern in schemas:
        own = {each.key for each in listing.objects.values() if each.schema and matches(pattern, each.schema)}
        if not own:
            raise AuditError(f"no schema of this database matches {pattern}", "a name, or a pattern as psql's: app_*")
        found |= own
    for pattern in tables:
        own = {
            each.key
            for each in listing.objects.values()
            if each.kind in _RELATIONS and matches(pattern, each.relname, each.schema)
        }
        if not own:
            raise AuditError(
                f"no table, view or sequence of this database matches {pattern}",
                "schema.table, or a pattern as psql's: app.order*; quote upper case: 'public.\"Order\"'",
            )
        found |= own
    return found


def _closure(listing: Listing, roots: set[Key]) -> set[Key]:
    """The roots, what they need, what is about the tables among them, and the tables' partitions and children."""
    about: defaultdict[Key, list[Key]] = defaultdict(list)
    for each in listing.objects.values():
        if each.relation_key:
            about[each.relation_key].append(each.key)
    for link in listing.links:
        about[link.parent].append(link.child)
    found: set[Key] = set()
    waiting = list(roots)
    while waiting:
        key = waiting.pop()
        if key in found or key not in listing.objects:
            continue
        found.add(key)
        waiting += about[key]
        if listing.objects[key].kind != "foreign key":
            waiting += listing.needs.get(key, ())
    return found | {key for key, each in listing.objects.items() if each.name == "public" and each.kind == "schema"}


def _foreign_keys_to_others(listing: Listing, keys: set[Key]) -> list[tuple[Listed, str]]:
    """The foreign keys among the keys that refer to a table that is not, and its name."""
    parents = {link.child: link.parent for link in listing.links}
    found = []
    for key in sorted(keys):
        if listing.objects[key].kind == "foreign key":
            others = (listing.objects[each] for each in listing.needs.get(key, frozenset()) - keys)
            tables = {each.relation_key or each.key for each in others}
            # A partitioned table is referred to, and with it each of its partitions.
            names = sorted(listing.objects[table].name for table in tables if parents.get(table) not in tables)
            if names:
                found.append((listing.objects[key], names[0]))
    return found
