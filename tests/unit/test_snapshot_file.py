"""Snapshot files: whole, private, the same for the same snapshot; and what a stranger may have put into one."""

from __future__ import annotations

import gzip
import json
import stat

import pytest

from dbaudit.errors import AuditError
from dbaudit.facts import Facts, Missing
from dbaudit.facts.catalog import OperatorFamily, Standby
from dbaudit.facts.snapshot import ColumnStatistics, ExtendedStatistics, RelationSize, SchemaObject, Snapshot
from dbaudit.sources.snapshot import check_name, read, to_text, write

COLUMN = ColumnStatistics(
    relation='public."T\u001b[31m"', column="京", is_inherited=False, null_fraction=0.0, average_width_bytes=4,
    distinct_count=-1.0, most_common_values='{"a\\"\n",b}', most_common_frequencies=(0.25, 1e-05),
)
SNAPSHOT = Snapshot(
    taken_at="2026-01-02T03:04:05Z",
    facts=Facts(
        {OperatorFamily: (OperatorFamily(oid=1, equality_operators=(2, 3)),), Standby: Missing(reason="no", remedy="r")}
    ),
    objects=(SchemaObject(kind="schema", name="s", sql="create schema s;"),),
    sizes=(RelationSize(name="s.t", kind="r", pages=3, tuples=-1.0, all_visible_pages=0, file_pages=None),),
    statistics=(COLUMN,),
    extended_statistics=(
        ExtendedStatistics(name="s.x", relation="s.t", is_inherited=True, expression_statistics=(COLUMN,)),
    ),
)


@pytest.mark.parametrize("name", ["a.json", "a.json.gz", "a.json.zst"])
def test_what_is_written_is_read_again_and_is_its_owners_alone(tmp_path, name) -> None:
    path = tmp_path / name
    path.write_text("what was there before")
    path.chmod(0o666)
    length = write(SNAPSHOT, path)
    assert read(path) == SNAPSHOT
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    first = path.read_bytes()
    assert len(first) == length
    write(SNAPSHOT, path)
    assert path.read_bytes() == first
    assert list(tmp_path.iterdir()) == [path]


def test_a_row_is_a_line() -> None:
    lines = to_text(SNAPSHOT).splitlines()
    assert '{"kind": "schema", "name": "s", "sql": "create schema s;", "relation": ""}' in lines
    assert '{"oid": 1, "equality_operators": [2, 3]}' in lines
    assert not any("\x1b" in line for line in lines)


def test_where_it_cannot_be_written_nothing_is_left(tmp_path) -> None:
    (tmp_path / "directory").mkdir()
    with pytest.raises(AuditError, match="is no directory"):
        check_name(tmp_path / "absent" / "a.json")
    with pytest.raises(AuditError, match="it is a directory"):
        check_name(tmp_path / "directory")
    with pytest.raises(AuditError, match="cannot be written"):
        write(SNAPSHOT, tmp_path / "absent" / "a.json")


def changed(**values) -> str:
    return json.dumps(json.loads(to_text(SNAPSHOT)) | values)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "cut off: it is empty"),
        (to_text(SNAPSHOT)[:-40], "or one that was cut off: line"),
        ("[1, 2]", "is not a snapshot"),
        ('{"version": 1, "findings": []}', "is not a snapshot"),
        (changed(version=2), "is a snapshot of version 2; this dbaudit reads version 1"),
        (changed(facts={"NoSuchFact": []}), "dbaudit did not write: 'NoSuchFact'"),
        (changed(objects=[{"kind": "schema", "name": "s", "sql": 7}]), "SchemaObject.sql: str expected, not int"),
        (changed(objects=[{"kind": "schema", "name": "s", "sql": None}]), "SchemaObject.sql: it is null"),
        (changed(objects=[{"kind": "schema", "name": "s"}]), "dbaudit did not write"),
        (changed(objects=["create schema s"]), "SchemaObject is not an object"),
        (changed(objects=7), "dbaudit did not write"),
        (changed(sizes=[{"relation": "x", "more": 1}]), "RelationSize has no field more, relation"),
        (changed(taken_at=7), "taken_at"),
        (changed(statistics=[{"most_common_frequencies": ["a"]}]), "most_common_frequencies: float expected, not str"),
        ('{"dbaudit": "snapshot", "version": NaN}', "NaN is not JSON"),
        ('{"dbaudit": "\\ud800", "version": 1}', "is not a snapshot"),
        ("[" * 100_000, "is not a snapshot"),
        ('{"version": ' + "9" * 10_000 + "}", "is not a snapshot"),
    ],
)  # fmt: skip
def test_what_is_no_snapshot_is_refused_in_one_line(tmp_path, text, message) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(AuditError, match=message) as caught:
        read(path)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300 + len(str(path))


def test_bytes_that_are_no_text_and_files_that_are_cut_off_are_refused(tmp_path) -> None:
    path = tmp_path / "a.json.gz"
    packed = gzip.compress(to_text(SNAPSHOT).encode())
    for content in (b"\xff\xfe{", packed[:-20], packed[:40], b"\x28\xb5\x2f\xfd\x00\x00"):
        path.write_bytes(content)
        with pytest.raises(AuditError):
            read(path)
    with pytest.raises(AuditError, match="cannot be read"):
        read(tmp_path / "absent.json")


@pytest.mark.parametrize("name", ["a.json", "a.json.gz", "a.json.zst"])
def test_what_would_grow_beyond_the_limit_is_refused_before_it_does(tmp_path, name) -> None:
    big = Snapshot(
        taken_at="x", facts=Facts(), sizes=(), statistics=(),
        objects=(SchemaObject(kind="view", name="v", sql=" " * 40_000_000),),
    )  # fmt: skip
    write(big, tmp_path / name)
    with pytest.raises(AuditError, match="is longer than 8 MiB"):
        read(tmp_path / name, largest_bytes=8 << 20)
