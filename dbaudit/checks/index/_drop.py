"""The DDL that drops an index, and the exact DDL that brings it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dbaudit.facts.catalog import Index
from dbaudit.finding import Fix

Children = Mapping[int, Sequence[Index]]


def children_of(indexes: Sequence[Index]) -> Children:
    """The indexes that are attached to a partitioned index, by its oid, in the order of their names."""
    children: dict[int, list[Index]] = {}
    for index in sorted(indexes, key=lambda index: index.qualified):
        if index.parent_oid:
            children.setdefault(index.parent_oid, []).append(index)
    return children


def drop(index: Index, children: Children, title: str, loses: str = "") -> Fix:
    """The fix that drops this index, or the constraint that owns it. `loses` is what may be missed, for the title.

    DROP INDEX CONCURRENTLY takes a ShareUpdateExclusiveLock and cannot run in a transaction; a constraint and a
    partitioned index can be dropped only under an AccessExclusiveLock.
    """
    lost = [thing for thing in (loses, *_losses(index)) if thing]
    concurrently = not (index.constraint or index.is_partitioned)
    if index.constraint:
        statement = f"ALTER TABLE {index.table} DROP CONSTRAINT {index.constraint};"
    else:
        statement = f"DROP INDEX {'CONCURRENTLY ' if concurrently else ''}{index.qualified};"
    return Fix(
        title=f"{title}; it loses {' and '.join(lost)}" if lost else title,
        statements=(statement,),
        applicability="unsafe" if lost else "safe",
        lock="ShareUpdateExclusiveLock" if concurrently else "AccessExclusiveLock",
        in_transaction=not concurrently,
        undo=recreate(index, children),
    )


def recreate(index: Index, children: Children) -> tuple[str, ...]:
    """The DDL that makes this index again: its definition, tablespace, constraint, CLUSTER mark and comments."""
    if index.constraint and (index.is_partitioned or index.is_exclusion):
        made = (f"ALTER TABLE {index.table} ADD CONSTRAINT {index.constraint} {index.constraint_definition};",)
    elif index.is_partitioned:
        made = _partitioned(index, children)
    elif index.constraint:
        made = (*_definition(index), _adopt(index))
    else:
        made = _definition(index)
    return made + _marks(index)


def unqualified(index: Index) -> str:
    """The index's name as SQL writes it, without its schema."""
    quoted = '"' + index.schema.replace('"', '""') + '".'
    return index.qualified.removeprefix(quoted if index.qualified.startswith(quoted) else f"{index.schema}.")


def _losses(index: Index) -> tuple[str, ...]:
    return tuple(
        thing
        for thing, goes in (
            ("the name of a constraint, which ON CONFLICT may use", index.constraint),
            ("the mark of CLUSTER", index.is_clustered),
            ("a comment", index.comment or index.constraint_comment),
            ("the statistics of its expressions", index.expressions),
        )
        if goes
    )


def _definition(index: Index) -> tuple[str, ...]:
    """pg_get_indexdef's text, CONCURRENTLY where the table is no partitioned one, and the tablespace that it leaves out."""
    head = "CREATE UNIQUE INDEX " if index.definition.startswith("CREATE UNIQUE INDEX ") else "CREATE INDEX "
    body = index.definition.removeprefix(head)
    if not index.is_partitioned:
        head += "CONCURRENTLY "
    if not index.tablespace:
        return (f"{head}{body};",)
    where = f" WHERE {index.predicate}" if index.predicate else ""
    if body.endswith(where):
        return (f"{head}{body.removesuffix(where)} TABLESPACE {index.tablespace}{where};",)
    return f"{head}{body};", f"ALTER INDEX {index.qualified} SET TABLESPACE {index.tablespace};"


def _partitioned(index: Index, children: Children) -> tuple[str, ...]:
    made = _definition(index)
    for child in children.get(index.oid, ()):
        attach = f"ALTER INDEX {index.qualified} ATTACH PARTITION {child.qualified};"
        made += (*recreate(child, children), attach)
    return made


def _adopt(index: Index) -> str:
    kind = "PRIMARY KEY" if index.is_primary else "UNIQUE"
    deferral = "" if index.is_immediate else " DEFERRABLE"
    if index.constraint_definition.endswith(" INITIALLY DEFERRED"):
        deferral += " INITIALLY DEFERRED"
    return f"ALTER TABLE {index.table} ADD CONSTRAINT {index.constraint} {kind} USING INDEX {unqualified(index)}{deferral};"


def _marks(index: Index) -> tuple[str, ...]:
    made = []
    if index.is_clustered:
        made.append(f"ALTER TABLE {index.table} CLUSTER ON {unqualified(index)};")
    if index.comment:
        made.append(f"COMMENT ON INDEX {index.qualified} IS {_literal(index.comment)};")
    if index.constraint_comment:
        comment = _literal(index.constraint_comment)
        made.append(f"COMMENT ON CONSTRAINT {index.constraint} ON {index.table} IS {comment};")
    return tuple(made)


def _literal(text: str) -> str:
    quoted = "'" + text.replace("'", "''") + "'"
    return "E" + quoted.replace("\\", "\\\\") if "\\" in text else quoted
