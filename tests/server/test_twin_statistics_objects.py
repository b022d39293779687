"""What a statistics object knows, in a twin: combinations and expressions that fit are there, others are named."""

from contextlib import closing

import psycopg
import pytest
from majors import MAJORS, bin_directory

from dbaudit.facts import Facts
from dbaudit.facts.snapshot import ColumnStatistics, ExtendedStatistics, SchemaObject, Snapshot
from dbaudit.lab import twin

# It is asked for every value of the domain, and notes who asks.
OBJECTS = (
    "create schema public",
    "create table public.seen (who name)",
    "create function public.is_seen(text) returns bool language plpgsql"
    " as $$ begin insert into public.seen values (current_user); return true; end $$",
    "create domain public.watched as text check (public.is_seen(value))",
    "create table public.t (a int, b public.watched, c int)",
    "create statistics public.good (mcv) on a, b, (c % 3) from public.t",
    "create statistics public.bad (mcv) on a, c from public.t",
)
GOOD = {
    "most_common_values": ('{"1","x,\\"y\\"","2"}', '{"2",NULL,"1"}'), "most_common_frequencies": (0.5, 0.25),
    "most_common_base_frequencies": (0.125, 0.0625),
}
BAD = (
    (('{"1","2"}',), ()),
    (('{"1","2"}',), (2.0,)),
    (('{"1","2"}',), (float("nan"),)),
    (("1); drop table t",), (0.1,)),
    (('{"x","2"}',), (0.1,)),
    (('{"1","2"}', '{"1","2"}'), (0.1, 0.1)),
)


def expression(name, **other):
    usual = {"is_inherited": False, "null_fraction": 0.25, "average_width_bytes": 4, "distinct_count": 3}
    return ColumnStatistics(relation="public.t", column=name, **usual | other)


def statistics(name, **known):
    return ExtendedStatistics(name=f"public.{name}", relation="public.t", is_inherited=False, **known)


@pytest.mark.parametrize("major", (MAJORS[0], MAJORS[-1]))
def test_statistics_objects_know_in_a_twin_what_they_knew(major):
    remainders = {"most_common_values": "{0,1}", "most_common_frequencies": (0.375, 0.125)}
    known = [
        statistics("good", **GOOD, expression_statistics=(expression("(c % 3)", **remainders),)),
        *(
            statistics(
                "bad", most_common_values=values, most_common_frequencies=frequencies, most_common_base_frequencies=frequencies
            )
            for values, frequencies in BAD
        ),
    ]
    kinds = ("schema", "table", "function", "domain", "table", "statistics", "statistics")
    snapshot = Snapshot(
        taken_at="2026-01-01T00:00:00Z", facts=Facts({}), sizes=(), statistics=(), extended_statistics=tuple(known),
        objects=tuple(
            SchemaObject(kind=kind, name=f"public.o{number}" if number else "public", sql=f"{text};")
            for number, (kind, text) in enumerate(zip(kinds, OBJECTS, strict=True))
        ),
    )
    with twin.build(snapshot, bin_directory(major)) as built:
        with closing(psycopg.connect(built.admin_conninfo(), autocommit=True)) as admin:
            combinations = admin.execute(
                "select most_common_vals, most_common_freqs, most_common_base_freqs from pg_catalog.pg_stats_ext"
                " where statistics_name = 'good'"
            ).fetchone()
            expressions = admin.execute(
                "select null_frac, n_distinct, most_common_vals::text, most_common_freqs from pg_catalog.pg_stats_ext_exprs"
            ).fetchall()
            asked_by = admin.execute("select distinct who from public.seen").fetchall()
            schemas = admin.execute("select from pg_catalog.pg_namespace where nspname ~ '^dbaudit'").fetchall()
    wanted = {("1", 'x,"y"', "2"): (0.5, 0.125), ("2", None, "1"): (0.25, 0.0625)}
    assert dict(zip(map(tuple, combinations[0]), zip(*combinations[1:], strict=True), strict=True)) == wanted
    assert (0.25, 3, "{0,1}", [0.375, 0.125]) in expressions
    assert asked_by == [(twin.OWNER,)] and schemas == []
    assert [omission.name for omission in built.omissions].count("public.bad") == len(BAD)
    assert "public.good" not in {omission.name for omission in built.omissions}
