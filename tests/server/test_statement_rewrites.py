"""Whole statements that are rewritten return the same rows under the same names, with NULLs and duplicates about."""

from __future__ import annotations

from collections import Counter

import pytest

from dbaudit.facts.rewrite import Rewrite
from dbaudit.facts.statement_text import Sight
from dbaudit.sources.postgres.rewritable import read_rewrites
from dbaudit.sources.sqlfile import split

TABLES = (
    "create table p (id int primary key, code text not null, ref int, made timestamp, moment timestamptz not null)",
    "create table c (id int, p_id int not null, ref int, note text, \"Odd Name\" int not null)",
    "insert into p select n, 'c' || n % 3, nullif(n % 5, 0), timestamp '2024-02-27' + n * interval '7 hours', "
    "timestamptz '2024-03-29' + n * interval '5 hours' from generate_series(1, 60) n",
    "insert into p values (61, '', null, null, 'infinity'), (62, '', null, 'infinity', '-infinity'), "
    "(63, 'd', 1, '2024-03-01', '2024-03-31'), (64, 'd', 1, '2024-03-02', '2024-04-01')",
    "insert into c select n % 7, n % 40, nullif(n % 6, 0), nullif('n' || n % 4, 'n0'), n % 9 from generate_series(1, 80) n",
    "insert into c select * from c",
    "create unique index on p (code, id)",
    "create view v as select * from c",
    "create table parent (id int not null, x int not null)",
    "create table child () inherits (parent)",
    "create function noisy(int) returns boolean language plpgsql volatile as 'begin return $1 > 3; end'",
    "create function noisy(int, int) returns boolean language plpgsql volatile as 'begin return $1 > $2; end'",
    "create operator >>> (function = noisy, leftarg = int, rightarg = int)",
    'create table "Mixed" (key int primary key, "Value" int not null)',
    'insert into "Mixed" select n, n % 10 from generate_series(1, 30) n',
)
NOT_IN = [
    "select * from p where id not in (select p_id from c)",
    "select p.* from p where p.id not in (select p_id from c where ref = 2 or note is null) and p.code <> 'c1'",
    "select id from p where (ref = 1 or id not in (select c.p_id from c where c.note = p.code or c.ref = p.ref))",
    "select a.id, b.id from p a join c b on b.p_id = a.id where b.p_id not in (select id from p where code = 'c2')",
    "select count(*) from p x where x.id not in (select p_id from c where false)",
    "select id from p where not (id not in (select p_id from public.c -- why\n where note = 'n1'))" ,
    "with q as (select id from p where id not in (select p_id from c as d where d.ref = p.ref)) select * from q",
    'select m.key from "Mixed" m where m.key not in (select "Value" from "Mixed" where key > 3)',
    "select id from p where p.id not in (select \"Odd Name\" from c)",
]
COUNTS = [
    "select (select count(*) from c where c.p_id = p.id) > 0 from p",
    "select id, (select count(*) from c where c.p_id = p.id and note is null) = 0 as none from p",
    "select id from p where (select count(*) from c where c.p_id = p.id or c.ref = p.ref) > 0 or ref is null",
    "select id from p where not (select count(1) from c where c.p_id = p.id) >= 1",
    "select id from p where 0 < (select count(*) from c join p as q on q.id = c.ref where c.p_id = p.id)",
    "select id from p where 1 > (select count(*) from c left join p q on q.id = c.ref and q.id > 3 where c.p_id = p.id)",
    "select count(*) > 0 from c where note = 'n2'",
    "select count(*) = 0 as nothing from c where note = 'none'",
    "select count(*) > 0 \"Any\" from c, p",
    "select case when (select count(*) from c where c.p_id = p.id) <> 0 then 'yes' else 'no' end from p",
]
ZONES = ("UTC", "Europe/Berlin", "America/Sao_Paulo")
RANGES = [
    *(f"select id from p where {side} {sign} date '2024-03-31'"
      for side in ("moment::date", "made::date", "cast(moment as date)", "date(p.moment)") for sign in ("=", "<", "<=", ">", ">=")),
    "select id from p where not moment::date = '2024-03-31' or ref is null",
    "select id from p where '2024-03-02' > made::date",
    "select id from p where moment::date <= current_date",
    "select id from p where date_trunc('day', moment) = '2024-03-31'",
    "select id from p where date_trunc('month', made) = '2024-03-01' and ref is not null",
    "select id from p where date_trunc('year', moment) = '2024-01-01'",
    "select id from p where extract(year from made) = 2024 or date_part('year', moment) = 2023",
    "select p.id from p join c on c.p_id = p.id and p.made::date = '2024-02-29'",
    "select p.id, q.id from p left join p q on q.moment::date = '2024-03-31'",
]
EITHERS = [
    "select p.id, c.note from p join c on p.id = c.p_id or p.ref = c.ref",
    "select * from p as a join p b on (a.code = b.code and a.id > 9 or a.ref = b.ref) -- both\nwhere b.made is not null",
    "select 1 from c join p on (c.id = p.id or (c.ref = p.ref) or c.note = p.code) join c d on d.id = p.id where d.id < 3",
    "select c.note from c inner join p on c.id = p.id or not c.ref = p.ref cross join c as e where e.id = 1",
]
LEFT_ALONE = [
    "select p.id from p left join c on p.id = c.p_id or p.ref = c.ref",
    "select p.id from p join c on p.id = c.p_id or p.ref = c.ref left join c d on d.id = p.id",
    "select p.id from p join c on p.id = c.p_id or p.ref = c.ref order by p.id",
    "select p.id from p join c on p.id = c.p_id or p.ref = c.ref limit 5",
    "select distinct p.id from p join c on p.id = c.p_id or p.ref = c.ref",
    "select p.id, count(*) from p join c on p.id = c.p_id or p.ref = c.ref group by p.id",
    "select max(p.id) from p join c on p.id = c.p_id or p.ref = c.ref",
    "select p.id from p join c on p.id = c.p_id or p.ref = 3",
    "select p.id from p join c on p.id = c.p_id or p.ref = c.ref and random() < 0.5",
    "select p.id from p join v on p.id = v.p_id or p.ref = v.ref",
    "select p.id from p join c on p.id = c.p_id or p.ref = c.ref where p.code = %s",
    "select p.id from p join c on (p.id = c.p_id or p.ref = c.ref) and p.code = 'c1'",
    "select p.id from p join c on p.id = c.p_id or p.ref = c.ref union all select 1",
    "select * from p where ref not in (select p_id from c)",
    "select * from p where id not in (select ref from c)",
    "select * from p where id not in (select id from p where id > 3)",
    "select c.id from c left join p on p.id = c.ref where p.id not in (select p_id from c d)",
    "select * from p where id + 1 not in (select p_id from c)",
    "select * from p where id not in (select p_id + 1 from c)",
    "select * from p where id not in (select p_id from c limit 3)",
    "select * from p where id not in (select p_id from c union select 1)",
    "select * from p where id not in (select p_id from v)",
    "select * from p where id not in (select x from parent)",
    "select * from p where id not in (select p_id from c where noisy(p_id))",
    "select * from p where id not in (select p_id from c where p_id >>> 3)",
    "select * from p where id not in (select p_id from c where random() < 0.5)",
    "select * from p where id not in (select a from c as t (x, a))",
    "select * from p where id not in (with c as (select null::int as p_id) select p_id from c)",
    "with c as (select null::int as p_id) select * from p where id not in (select p_id from c)",
    "select * from p where id not in (select p_id from c where exists (select from v where v.id = c.id))",
    "select (select count(*) from c where ref in (select v.ref from v)) > 0",
    "select count(ref) > 0 from c",
    "select count(distinct ref) > 0 from c",
    "select 1 + (select count(*) from c) > 2 from p",
    "select (select count(*) from c group by ref limit 1) > 0",
    "select (select count(*) from c fetch first 0 rows only) > 0",
    "select (select count(*) from c offset 1) > 0",
    "select (select count(*) from c having count(*) > 3) > 0",
    "select (select count(*) from v) > 0",
    "select (select count(*) from c where noisy(ref)) > 0",
    "select (select count(*) from c) > 1",
    "select (select count(*) from c tablesample bernoulli (50)) > 0",
    "select count(*) > 0, max(ref) from c",
    "select count(*) > 0 from c group by ref",
    "select p.id from p where p.moment::date = now()",
    "select id from p where moment::date = '2024-03-31 12:00'",
    "select id from p where moment::date = '31.03.2024'",
    "select id from p where moment::date <> '2024-03-31'",
    "select id from p where date_trunc('day', moment) > '2024-03-31'",
    "select id from p where date_trunc('day', moment) = '2024-03-31 12:00'",
    "select id from p where date_trunc('month', moment) = '2024-03-31'",
    "select id from p where date_trunc('day', moment, 'Asia/Tokyo') = '2024-03-31'",
    "select id from p where extract(month from moment) = 3",
    "select id from p where code::date = '2024-03-31'",
    "select id from p where moment::date = $1 and made > $1",
    "select id from p where moment::date = %s",
    "select id from (select id, moment from p) q where moment::date = '2024-03-31'",
    "select * from p order by id offset 10",
    "select * from p order by ref limit 5 offset 10",
    "select * from c order by p_id limit 5 offset 10",
    "select * from p order by code, id desc limit 5 offset 10",
    "select * from p order by code || 'x', id limit 5 offset 10",
    "select id % 10 as id from p order by id limit 5 offset 10",
    "select distinct id from p order by id limit 5 offset 10",
    "select count(*) from p group by id order by id limit 5 offset 10",
    "select id from p order by id limit 5 offset 10 for update",
    "select p.id from p, c order by p.id limit 5 offset 10",
    "select id from p order by id limit $1 offset $1",
    "select id from parent order by id limit 5 offset 10",
    "insert into c select * from c where (select count(*) from p) > 0",
]
PAGES = [
    ("select id, code from p where ref is null or ref > 1 order by id limit 5 offset 10", ["id"]),
    ("select id, code from p order by code desc, id desc limit 7 offset 14", ["code", "id"]),
    ("select p.* from p where p.code <> 'x' order by p.id asc limit 5 offset 20", ["id"]),
    ("select id, moment from p order by moment limit 5 offset 15", ["moment", "id"]),
    ("select moment, id as number, id from p order by moment desc offset 15 limit 5", ["moment", "id"]),
    ('select * from "Mixed" order by "Value", key limit 3 offset 6', ["Value", "key"]),
]


@pytest.fixture
def tables(newest):
    newest.run(*TABLES)
    return newest


def found(database, *texts: str) -> dict[str, list[Rewrite]]:
    """The rewrites of each statement, which are read at once."""
    statements = split(";\n".join(texts), "q.sql")
    assert len(statements) == len(texts)
    session = database.session()
    try:
        rewrites = read_rewrites(session, statements)
    finally:
        session.close()
    return {
        text: [rewrite for rewrite in rewrites if rewrite.identity == statement.identity]
        for text, statement in zip(texts, statements)
    }


def one(database, text: str) -> Rewrite:
    (rewrite,) = found(database, text)[text]
    return rewrite


def answer(database, text: str) -> tuple[list[str], Counter]:
    names, rows = table(database, text)
    return names, Counter(rows)


def table(database, text: str) -> tuple[list[str], list[tuple[bytes | None, ...]]]:
    """The names of the columns, and the rows as the server writes them."""
    result = database.admin.execute(text).pgresult
    fields = range(result.nfields)
    rows = [tuple(result.get_value(row, field) for field in fields) for row in range(result.ntuples)]
    return [result.fname(field).decode() for field in fields], rows


@pytest.mark.parametrize(
    ("sight", "texts"),
    [(Sight.NOT_IN_SUBQUERY, NOT_IN), (Sight.COUNT_FOR_EXISTENCE, COUNTS), (Sight.OR_IN_JOIN, EITHERS)],
    ids=["not in", "count", "or"],
)
def test_a_rewritten_statement_returns_the_same_rows_under_the_same_names(tables, sight: Sight, texts: list[str]) -> None:
    for text, (rewrite,) in found(tables, *texts).items():
        assert rewrite.sight is sight, text
        assert answer(tables, rewrite.statement.text) == answer(tables, text), rewrite.statement.text


@pytest.mark.parametrize("zone", ZONES)
def test_a_range_returns_the_same_rows(tables, zone: str) -> None:
    tables.run(f"set timezone = '{zone}'")
    for text, rewrites in found(tables, *RANGES).items():
        assert rewrites, text
        for rewrite in rewrites:
            assert answer(tables, rewrite.statement.text) == answer(tables, text), rewrite.statement.text


def test_a_range_by_a_parameter_returns_the_same_rows(tables) -> None:
    text = "select id from p where moment::date = $1 or made::date <= $2"
    for rewrite, values in zip(found(tables, text)[text], (["2024-03-31", None], ["2024-03-31", "2024-03-01"])):
        assert rewrite.statement.parameters == ("1", "2")
        prepared = [f"execute {name} ({', '.join('null' if v is None else repr(v) for v in values)})" for name in "ab"]
        tables.run(f"prepare a as {text}", f"prepare b as {rewrite.statement.sent}")
        assert answer(tables, prepared[0]) == answer(tables, prepared[1])
        tables.run("deallocate all")


def test_what_is_not_sure_to_mean_the_same_is_left_alone(tables) -> None:
    assert found(tables, *LEFT_ALONE) == dict.fromkeys(LEFT_ALONE, [])


@pytest.mark.pg(">= 18")
def test_a_constraint_that_was_never_validated_proves_nothing(database) -> None:
    database.run(
        "create table p (id int primary key)", "create table c (p_id int)", "insert into p values (1)",
        "insert into c values (null)", "alter table c add constraint filled not null p_id not valid",
    )
    text = "select * from p where id not in (select p_id from c)"
    assert found(database, text) == {text: []}


def test_the_next_page_by_its_key_is_that_of_the_offset(tables) -> None:
    for text, keys in PAGES:
        rewrite = one(tables, text)
        assert rewrite.sight is Sight.OFFSET
        size, skipped = int(text.partition("limit ")[2].split()[0]), int(text.partition("offset ")[2].split()[0])
        # Rows that are alike have no order between them: the rewrite's own is the one to follow.
        ordered = rewrite.statement.text.partition(" order by ")[2].partition(" limit ")[0]
        everything = f"{text.partition(' order by ')[0]} order by {ordered}"
        names, rows = table(tables, everything)
        last = dict(zip(names, rows[skipped - 1]))
        page = rewrite.statement.text
        for number, key in enumerate(keys, start=1):
            page = page.replace(f"${number}", f"'{last[key].decode()}'")
        assert table(tables, page)[1] == rows[skipped : skipped + size], page


@pytest.mark.parametrize(
    ("text", "expected", "parameters"),
    [
        ("select * from p where ref = $1 order by id limit $2 offset $3",
         "select * from p where (ref = $1) AND id > $3 order by id limit $2", 3),
        ("select * from p where ref = :r order by moment desc limit :n offset :o",
         "select * from p where (ref = :r) AND (moment, id) < (:last_moment, :last_id) order by moment desc, id DESC limit :n", 4),
        ("select * from p where ref = %s order by id limit %s offset %s",
         "select * from p where (ref = %s) AND id > %s order by id limit %s", 3),
        ("select * from p order by id limit %(n)s offset %(o)s",
         "select * from p WHERE id > %(last_id)s order by id limit %(n)s", 2),
    ],
)  # fmt: skip
def test_a_page_is_asked_for_in_the_style_of_its_statement(tables, text: str, expected: str, parameters: int) -> None:
    rewrite = one(tables, text)
    assert (rewrite.statement.text, len(rewrite.statement.parameters)) == (expected, parameters)
