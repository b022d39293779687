"""Files of plans as people have them: framed, logged, pasted, cut off and garbled."""

from __future__ import annotations

import io
import json
import re
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbaudit.checks.registry import all_checks
from dbaudit.errors import AuditError
from dbaudit.facts import Facts
from dbaudit.facts.catalog import Index, Table
from dbaudit.facts.column import Column
from dbaudit.facts.saved_plan import SavedPlan, SavedRelation
from dbaudit.facts.statement import Explained, How
from dbaudit.report.deep_json import _parts, dumps
from dbaudit.sources import plans
from dbaudit.sources.plans import selection
from dbaudit.sources.plans.deep_json import decode

FOLDER = Path(__file__).parents[2] / "fixtures" / "plans"
PSQL = sorted(FOLDER.glob("psql-*.txt"))
LOGS = sorted(FOLDER.glob("auto_explain-*.log"))

TEXT = """\
Sort  (cost=10.00..12.00 rows=50 width=12) (actual time=1.000..2.000 rows=40 loops=1)
  Sort Key: o.a, (lower('x, y'::text)) DESC
  Sort Method: external merge  Disk: 720kB
  ->  Seq Scan on public.orders o  (cost=0.00..8.00 rows=50 width=12) (actual time=0.010..0.500 rows=40 loops=1)
        Output: o.a, o."b, c"
        Filter: ((o.a > 1) AND (o.b = '(,'::text))
        Rows Removed by Filter: 960
Planning Time: 0.100 ms
Execution Time: 2.500 ms
"""


def read(text: str) -> tuple[Explained, ...]:
    return plans.read(text.encode(), "p.txt")


def nodes(row: Explained) -> list:
    return list(row.plan.nodes())


@pytest.mark.parametrize("path", PSQL, ids=lambda path: path.stem)
def test_what_psql_prints_is_read_however_it_is_framed(path):
    """All of them hold the same statement's plans: Limit, InitPlan, Sort, Aggregate, Index Scan."""
    rows = [row for row in plans.read(path.read_bytes(), path.name) if nodes(row)[0].node_type == "Limit"]
    assert len(rows) == (3 if "-pg" in path.name else 2)
    for row in rows:
        assert [node.node_type for node in nodes(row)] == ["Limit", "Result", "Sort", "Aggregate", "Index Scan"]
        assert re.fullmatch(r"\((o\.)?s <> 'it''s'::text\)", nodes(row)[-1].filter)
        assert nodes(row)[3].group_key == ("o.s", "o.c") or nodes(row)[3].group_key == ("o.c", "o.s")
    assert rows[0].how is How.ANALYZED and rows[0].plan.execution_ms > 1


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.stem)
def test_a_servers_log_gives_statements_durations_and_plans(path):
    first, second, third = plans.read(path.read_bytes(), path.name)
    assert first.statement.text.startswith("/* report */\nselect c, s, count(*)\n  from o where s <> 'it''s'")
    assert second.statement.text == "select id, s from o where s = $1 order by s"
    assert third.statement.text == "select f(7)"
    log = path.read_text()
    for row in (first, second, third):
        assert f"duration: {row.plan.execution_ms:.3f} ms  plan:" in log.splitlines()[row.statement.span.line - 1]
        assert row.how is How.ANALYZED and row.plan.root.actual_total_ms <= row.plan.execution_ms
    assert [node.node_type for node in nodes(first)] == ["Limit", "Result", "Sort", "Aggregate", "Index Scan"]
    assert nodes(first)[-1].schema == "public" and nodes(first)[-1].shared_hit_blocks > 100
    assert "x1" not in str([row.plan.raw.get("Query Parameters") for row in (first, second, third)])


def test_a_pasted_plan_is_read_with_its_lists_and_zeros():
    (row,) = read(TEXT)
    sort, scan = nodes(row)
    assert sort.sort_key == ("o.a", "(lower('x, y'::text)) DESC")
    assert (sort.sort_method, sort.sort_space_kb, sort.sort_space_type) == ("external merge", 720, "Disk")
    assert scan.output == ("o.a", 'o."b, c"')
    assert (scan.schema, scan.relation, scan.alias, scan.rows_removed_by_filter) == ("public", "orders", "o", 960)
    assert scan.filter == "((o.a > 1) AND (o.b = '(,'::text))"
    assert (row.plan.planning_ms, row.plan.execution_ms) == (0.1, 2.5)


PASTED = {
    "without the space that psql puts first": TEXT.replace("\n", "\n "),
    "indented": "".join(f"      {line}\n" for line in TEXT.splitlines()),
    "by pgAdmin": '"QUERY PLAN"\n' + "".join('"{}"\n'.format(line.replace('"', '""')) for line in TEXT.splitlines()),
    "by pgAdmin without the header": "".join('"{}"\n'.format(line.replace('"', '""')) for line in TEXT.splitlines()),
    "with Windows' line ends and a byte order mark": "\ufeff" + TEXT.replace("\n", "\r\n"),
    "between other text": f"Hello, this is slow:\n\nshop=> explain analyze select 1;\n{TEXT}\nCan you help?\n-- Bob\n",
    "with a line that the terminal broke": TEXT.replace("AND (o.b", "AND\n(o.b"),
}


@pytest.mark.parametrize("text", PASTED.values(), ids=PASTED)
def test_a_plan_is_the_same_however_it_was_pasted(text):
    (row,), (reference,) = read(text), read(TEXT)
    assert row.plan.raw == reference.plan.raw


def test_several_plans_of_a_file_have_places_and_identities_of_their_own():
    first, second, third = read(f"{TEXT}\n{TEXT}{TEXT}")
    assert [row.statement.span.line for row in (first, second, third)] == [1, 11, 20]
    assert first.statement.label == "p.txt:1"
    assert first.statement.identity == second.statement.identity
    assert read(TEXT.replace("orders", "others"))[0].statement.identity != first.statement.identity


def test_a_clients_rows_of_json_are_read():
    plan = {"Plan": {"Node Type": "Result", "Total Cost": 1.0}}
    assert len(read(json.dumps([{"QUERY PLAN": [plan]}]))) == 1
    assert len(read(json.dumps(plan) + "\n" + json.dumps([plan, plan]))) == 3


def test_a_plan_without_any_figure_is_not_judged():
    (row,) = read("Sort\n  Sort Key: a\n  ->  Seq Scan on t\n")
    assert (row.how, row.plan) == (How.NOT_RUN, None) and "neither ANALYZE nor COSTS" in row.reason


def test_a_log_of_plans_that_were_not_analyzed_says_how_long_they_ran():
    entry = "LOG:  duration: 812.500 ms  plan:\n\tQuery Text: select 1\n\tResult  (cost=0.00..0.01 rows=1 width=4)\n"
    (row,) = read(entry)
    assert row.how is How.PLANNED and "812.500 ms" in row.reason and row.plan.execution_ms is None


def test_a_plan_that_psql_shows_as_a_message_ends_where_the_result_begins():
    plan = TEXT[: TEXT.index("Planning")]
    result = " a \n---\n 1\n(1 row)\n"
    (row,) = read(f"LOG:  duration: 9.500 ms  plan:\nQuery Text: select a\n  from o\n{plan}{result}")
    assert (row.statement.text, len(nodes(row)), row.plan.execution_ms) == ("select a\n  from o", 2, 9.5)


WHAT_IS_NO_PLAN = {
    "nothing": ("", "p.txt:1: no plan"),
    "prose": ("Hello\nworld\n", "p.txt:1: no plan"),
    "SQL": ("select 1;\nselect 2;\n", "p.txt:1: no plan"),
    "a NUL byte": ("Seq Scan\n\0", "p.txt:2: holds a NUL byte"),
    "JSON that is none": ('{"a": 1}', "p.txt:1: is JSON, but no plan"),
    "JSON that ends too early": ('[\n {"Plan": {"Node Type": "Sort"', "p.txt:2: is not JSON"),
    "JSON of wrong types": ('[{"Plan": {"Node Type": "Result", "Plan Rows": "many"}}]', "Plan Rows of Result"),
    "NaN": ('[{"Plan": {"Node Type": "Result", "Plan Rows": NaN}}]', "NaN"),
    "XML": ('<explain xmlns="http://www.postgresql.org/2009/explain">', "XML"),
    "a tree without its head": (TEXT.split("\n", 1)[1], "p.txt:3: is a node without the plan"),
    "a tree without its end": (TEXT[: TEXT.index("->")], "lacks a node below it"),
    "half a line": (TEXT[: TEXT.index("..8.00")], "p.txt:4: is no node"),
    "a node that is out of line": (TEXT.replace("  ->", "    ->"), "p.txt:4: is indented like"),
    "a line that means nothing": (TEXT.replace("        Output: ", "        "), "p.txt:5: is not understood"),
    "a literal that never ends": (TEXT.replace("'::text)) DESC", ""), "ends within a literal"),
    "YAML that is none": ("- Plan: \n    Node Type: Sort\n   x", "p.txt:3: is indented"),
}


@pytest.mark.parametrize(("text", "said"), WHAT_IS_NO_PLAN.values(), ids=WHAT_IS_NO_PLAN)
def test_what_is_no_whole_plan_is_refused_with_its_place(text, said):
    with pytest.raises(AuditError) as refused:
        read(text)
    assert said in str(refused.value) and str(refused.value).startswith("p.txt:")


ENTRY = "LOG:  duration: {}.000 ms  plan:\n\tQuery Text: select {}\n\tResult  (cost=0.00..0.01 rows=1 width=4)\n"
JSON_ENTRY = '{"message":"duration: 3.000 ms  plan:\\nQuery Text: select 3\\nResult  (cost=0.00..0.01 rows=1 width=4)"}\n'
CSV_ENTRY = '2026-01-01,"duration: 4.000 ms  plan:\nQuery Text: select 4\nResult  (cost=0.00..0.01 rows=1 width=4)",,,\n'
BROKEN_ENTRIES = {
    "nothing follows": ("LOG:  duration: 1.000 ms  plan:\nLOG:  next\n", "not followed by its plan"),
    "no plan follows": ("LOG:  duration: 1.000 ms  plan:\n\tQuery Text: select 1\nLOG:  next\n", "has no plan in text"),
    "half a tree": ("LOG:  duration: 1.000 ms  plan:\n\tSort  (cost=0.00..0.01 rows=1 width=4)\n", "lacks a node"),
    "half a line": ("LOG:  duration: 1.000 ms  plan:\n\tSort  (cost=0.00..0.01 ro\n", "has no plan in text"),
    "half of JSON": ('LOG:  duration: 1.000 ms  plan:\n\t{\n\t  "Plan": {\n', "p.txt:6: is not JSON"),
    "JSON of nothing": ("LOG:  duration: 1.000 ms  plan:\n\t[]\n", "has no plans"),
    "half of YAML": ("LOG:  duration: 1.000 ms  plan:\n\tQuery Text: \"a\"\n\tPlan: \n\t  Node Type\n", "is not YAML"),
    "XML": ("LOG:  duration: 1.000 ms  plan:\n\t<explain>\n", "XML"),
    "half of a line of jsonlog": (JSON_ENTRY[:60] + "\n", "not a whole entry of a JSON log"),
    "an open quote of csvlog": (CSV_ENTRY[:-6] + "\n" + CSV_ENTRY, "quote is not closed"),
}


@pytest.mark.parametrize(("entry", "said"), BROKEN_ENTRIES.values(), ids=BROKEN_ENTRIES)
def test_a_broken_entry_of_a_log_is_told_with_its_line_and_the_others_are_read(entry, said):
    rows = read(f"{ENTRY.format(7, 7)}{entry}{ENTRY.format(8, 8)}{JSON_ENTRY}{CSV_ENTRY}")
    (broken,) = [row for row in rows if row.how is How.NOT_RUN]
    assert broken.statement.span.line == 4 and said in broken.reason and "p.txt:" in broken.reason
    texts = [row.statement.text for row in rows if row.plan]
    assert texts == ["select 7", *(["select 4"] if "csvlog" in said or "quote" in said else []), "select 8", "select 3", "select 4"]


def test_of_a_large_log_the_slowest_of_each_statement_and_plan_is_kept():
    entries = [ENTRY.format(1000 + number, f"a{number % 7} where b = {number} and c = '{number}'") for number in range(3000)]
    reading = plans.read_file(io.BytesIO("".join(entries).encode()), "p.txt")
    assert [row.statement.text for row in reading.explained] == [
        f"select a{number % 7} where b = {number} and c = '{number}'" for number in range(2993, 3000)
    ]
    assert reading.left_out == 3000 - 7
    assert [row.statement.span.line for row in reading.explained] == [3 * number + 1 for number in range(2993, 3000)]


def test_of_a_large_log_of_different_statements_the_slowest_are_kept():
    entries = [ENTRY.format(9999 - number, f"a{number}") for number in range(2500)]
    reading = plans.read_file(io.BytesIO("".join(entries).encode()), "p.txt")
    assert [row.statement.text for row in reading.explained] == [f"select a{number}" for number in range(1000)]
    assert reading.left_out == 1500


def test_a_log_is_not_held_in_memory(monkeypatch):
    """Megabytes of it, read from a source that makes one line after the other."""
    monkeypatch.setattr(selection, "MOST_PLANS", 10)

    class Log(io.RawIOBase):
        made = 0

        def readline(self, size=-1):
            self.made += 1
            if self.made > 40_000:
                return b""
            line = "LOG:  duration: 5.000 ms  plan:\n" if self.made % 20 == 1 else f"\tQuery Text: {'x' * 90} {self.made}\n"
            return (line if self.made % 20 else "\tResult  (cost=0.00..0.01 rows=1 width=4)\n").encode()

    tracemalloc.start()
    reading = plans.read_file(Log(), "p.txt")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (len(reading.explained), reading.left_out) == (1, 1_999)
    # zlib alone takes a quarter of a megabyte for a plan that it makes small.
    assert peak < 1 << 19


def test_deep_wide_and_long_plans_are_read():
    deep = "".join(
        f"{' ' * max(0, 6 * level - 4)}{'->  ' if level else ''}Limit  (cost=0.00..1.00 rows=1 width=4)\n"
        for level in range(700)
    )
    bottom = f"{' ' * (6 * 700 - 4)}->  Result  (cost=0.00..1.00 rows=1 width=4)\n"
    assert len(nodes(read(deep + bottom)[0])) == 701
    head = "Append  (cost=0.00..1.00 rows=1 width=4)\n"
    wide = head + "  ->  Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)\n" * 30_000
    assert len(nodes(read(wide)[0])) == 30_001
    value = "Filter: (a = '" + "x\n" * 200_000 + "')\n"
    long = f"Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)\n  {value}"
    assert len(nodes(read(long)[0])[0].filter) > 400_000
    with pytest.raises(AuditError, match="p.txt:1: is not JSON"):
        read('{"Plan": ' + '{"Node Type": "Limit", "Plans": [' * 200_000)


@pytest.mark.parametrize("depth", [3, 20_000])
def test_a_plan_in_json_may_be_of_any_depth_and_is_reported_as_it_was(depth):
    inner = '{"Node Type": "Result", "Total Cost": 1.5, "Output": [], "Alias": "\\u00e4\\"", "Parallel Aware": false}'
    text = '[{"Plan": ' + '{"Node Type": "Limit", "Total Cost": 2.0, "Plans": [' * depth + inner + "]}" * depth + "}]"
    (row,) = read(text)
    assert len(nodes(row)) == depth + 1 and nodes(row)[-1].alias == 'ä"'
    assert dumps([row.plan.raw]) == text


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@settings(max_examples=200)
@given(VALUES, st.sampled_from([None, 1]), st.data())
def test_deep_json_is_what_pythons_own_is(value, indent, data):
    assert "".join(_parts(value)) == json.dumps(value)
    text = json.dumps(value, indent=indent)
    assert decode(f"  {text} x", 0) == (value, 2 + len(text))
    cut = text[: data.draw(st.integers(0, len(text)))]
    try:
        expected = json.JSONDecoder().raw_decode(cut)
    except json.JSONDecodeError:
        with pytest.raises(json.JSONDecodeError):
            decode(cut, 0)
    else:
        assert decode(cut, 0) == expected


@pytest.mark.parametrize("piece", ["(", "'", '"', "E'", " ", "A ", "(cost=", "->  ", "a: ", "- ", "[", '{"a":', "$", "\n ->"])
def test_a_line_of_one_piece_over_and_over_takes_no_longer_than_its_length(piece):
    for start in ("", TEXT, "QUERY PLAN\n", "- Plan: \n", "LOG:  duration: 1.000 ms  plan:\n\t"):
        for within in ("", "  Buckets: ", "  Output: ", "  Filter: "):
            try:
                read(f"{start}{within}{piece * 50_000}")
            except AuditError:
                pass


SEEDS = [path.read_text() for path in (*PSQL, *LOGS)] + [TEXT]


def audited(text: str) -> None:
    """Reads, and asks all checks of plans; nothing but AuditError may come of it."""
    try:
        rows = read(text)
    except AuditError as error:
        assert str(error).startswith("p.txt:")
        return
    facts = Facts({Explained: rows, Table: (), Index: (), Column: (), SavedPlan: (), SavedRelation: ()})
    for check in all_checks("PLN"):
        list(check.verdicts(facts))


@settings(max_examples=400)
@given(st.data())
def test_a_file_that_is_cut_off_anywhere_breaks_nothing(data):
    seed = data.draw(st.sampled_from(SEEDS))
    start, end = sorted((data.draw(st.integers(0, len(seed))), data.draw(st.integers(0, len(seed)))))
    audited(seed[start:end])
    audited(seed[:start] + seed[end:])


@settings(max_examples=400)
@given(st.data())
def test_a_file_whose_lines_are_garbled_breaks_nothing(data):
    lines = data.draw(st.sampled_from(SEEDS)).split("\n")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(lines) - 1))
        change = data.draw(st.integers(0, 4))
        if change == 0:
            del lines[at]
        elif change == 1:
            lines.insert(at, lines[data.draw(st.integers(0, len(lines) - 1))])
        elif change == 2:
            lines[at] = " " * data.draw(st.integers(0, 9)) + lines[at].lstrip()
        elif change == 3:
            lines[at] = data.draw(st.text(max_size=40))
        else:
            lines[at] = re.sub(r"\d+", lambda _: str(data.draw(st.integers(0, 10**20))), lines[at], count=1)
        lines = lines or [""]
    audited("\n".join(lines))


@given(st.text(max_size=200))
def test_any_text_at_all_breaks_nothing(text):
    audited(text)
