"""The DDL that makes a new index, its name, and the DDL that takes it away again."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from dbaudit.checks.index._naming import index_name, quoted
from dbaudit.facts.catalog import Table
from dbaudit.finding import Fix


def create_index(
    table: Table,
    keys: Sequence[str],
    *,
    words: Sequence[str],
    taken: Collection[str],
    title: str = "",
    method: str = "btree",
    where: str = "",
) -> Fix:
    """The fix that makes an index on these keys (SQL, quoted, expressions in brackets), with its undo.

    `words` are what its name is made of, between the table's name and "idx"; `taken` are the relation names that are in
    use in the table's schema. CREATE INDEX CONCURRENTLY lets writes go on, and cannot run in a transaction; a
    partitioned table has no such thing, and its index is made under a ShareLock that holds up writes.
    """
    name = index_name(table.name, words, taken)
    using = "" if method == "btree" else f"USING {method} "
    concurrently = "" if table.is_partitioned else "CONCURRENTLY "
    predicate = f" WHERE {where}" if where else ""
    body = f"{using}({', '.join(keys)}){predicate}"
    drop = f"DROP INDEX {concurrently}{schema_of(table.qualified)}.{quoted(name)};"
    return Fix(
        title=title or f"create an index on {table.qualified} ({', '.join(keys)}){predicate}",
        statements=(f"CREATE INDEX {concurrently}{quoted(name)} ON {table.qualified} {body};",),
        applicability="safe",
        lock="ShareLock" if table.is_partitioned else "ShareUpdateExclusiveLock",
        in_transaction=table.is_partitioned,
        undo=(drop,),
    )


def schema_of(qualified: str) -> str:
    """The quoted schema of a name that the server quoted."""
    return re.match(r'"(?:[^"]|"")+"|[^.]+', qualified).group()
