"""Writes the pages of docs/ that come from the code. A test fails where one is stale.

docs/checks/*.md are the checks' own docstrings; docs/what-it-sends.md is every query that dbaudit has.
"""

from __future__ import annotations

from pathlib import Path

from dbaudit.checks.registry import all_checks
from dbaudit.manual import index, page

DOCS = Path(__file__).parent
QUERIES = DOCS.parent / "dbaudit" / "sources" / "postgres" / "queries"

_SENDS = """# What dbaudit sends to your server

Every statement is one message of the extended query protocol, so that no text can carry a second statement. Every
transaction is read-only, has timeouts, and is rolled back:

```sql
begin read only
select pg_catalog.set_config('statement_timeout', …, true), pg_catalog.set_config('lock_timeout', '500', true), …
-- one of the queries below, or the EXPLAIN of one of your statements
rollback
```

Nothing is set for the session, nothing is created, and no row of yours is read but by your own statements under
`explain`. There, each statement is parsed and described by the server, prepared, planned by EXPLAIN (VERBOSE), and run
by EXPLAIN (ANALYZE) only where it reads, and where what its plan calls is not volatile: once, or as often as `--runs`
says, each time in a transaction of its own. Values for its parameters are bound over the protocol, never pasted into
the text. INSERT, UPDATE, DELETE and MERGE are planned and never run; `--no-analyze` runs nothing at all. What reads many
rows by a condition that an index could serve is planned once more with enable_seqscan off, and with a lower
random_page_cost, for that transaction only; and a fix that is another way to write a statement is planned as if it were
one of yours, never run. Parameters are bound over the protocol to values
from your files, or to values of the columns in pg_stats; those are shown only with `--show-values`.

`snapshot` reads with those whose names start with `schema_`, and with those about statistics, sizes and settings, in one
transaction at isolation level repeatable read. `{view}` is pg_stat_statements, by the name the server gives for it.

Where the database has the extension hypopg, indexes are tried by `hypopg_create_index` and taken back by
`hypopg_drop_index`, in read-only transactions: they exist in the memory of our backend alone, for plain EXPLAIN. Not
through a pooler.

`explain --prove-on` sends more, and to nothing but the copy that it names: in one transaction that is always rolled back,
CREATE INDEX, ANALYZE of the table, your statement by EXPLAIN (ANALYZE) in read-only subtransactions, with the index and
with the index dropped, and an INSERT of copies of 1,000 rows where the table has no triggers and no rules. The copy keeps
dead rows of that until the next vacuum, and the counts of rows that ANALYZE found. `built_indexes` and
`insertable_columns` are asked there alone. A server of the same cluster as the audited one (by its system identifier) is
refused, unless `--prove-on target` says that what is audited is itself a copy.

`connections --connect-cost` sends the query connect_cost on the connection that it has, closes it, and then opens and
closes five more, one after another, each with one such transaction.

A name ending in `_15`, `_16` … is the variant for that major version and later ones.
"""


def pages() -> dict[str, str]:
    """Path below docs/ -> text, of every page that should be there."""
    queries = "".join(
        f"\n## {path.stem}\n\n```sql\n{path.read_text('utf-8').rstrip()}\n```\n" for path in sorted(QUERIES.glob("*.sql"))
    )
    checks = {f"checks/{check.name}.md": page(check) for check in all_checks()}
    return {"checks/README.md": index(all_checks()), **checks, "what-it-sends.md": _SENDS + queries}


def main() -> None:
    (DOCS / "checks").mkdir(exist_ok=True)
    expected = pages()
    for path in (DOCS / "checks").glob("*.md"):
        if path.relative_to(DOCS).as_posix() not in expected:
            path.unlink()
    for name, text in expected.items():
        (DOCS / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
