"""Pools read from Python code: literal values only, and nothing guessed."""

from textwrap import dedent

import pytest

from dbaudit.sources.pool_budget.python_pools import read

ENGINE = "from sqlalchemy import create_engine\n"


def pools(code, path="app/db.py"):
    return read([(path, dedent(code))]).pools


def figures(pool, **environment):
    values = [value.figure(environment) for value in (pool.minimum, pool.size, pool.overflow)]
    return [None if value.is_unlimited else "?" if value.value is None else value.value for value in values]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (ENGINE + "e = create_engine(url)", [0, 5, 10]),
        (ENGINE + "e = create_engine(url, pool_size=20, max_overflow=0)", [0, 20, 0]),
        (ENGINE + "e = create_engine(url, max_overflow=-1)", [0, 5, None]),
        (ENGINE + "e = create_engine(url, pool_size=0)", [0, None, 10]),
        (ENGINE + "N = 7\ne = create_engine(url, pool_size=N)", [0, 7, 10]),
        (ENGINE + "N = 7\nN = 8\ne = create_engine(url, pool_size=N)", [0, "?", 10]),
        (ENGINE + "e = create_engine(url, pool_size=settings.pool)", [0, "?", 10]),
        (ENGINE + "e = create_engine(url, **options)", [0, "?", "?"]),
        (ENGINE + "o = {'pool_size': 3}\ne = create_engine(url, **o)", [0, 3, 10]),
        (ENGINE + "e = create_engine(url, **{'pool_size': 3, **more})", [0, "?", "?"]),
        ("import sqlalchemy as sa\ne = sa.create_engine(url, pool_size=2)", [0, 2, 10]),
        ("from sqlalchemy.ext.asyncio import create_async_engine as c\ne = c(url)", [0, 5, 10]),
        (ENGINE + "from sqlalchemy.pool import NullPool\ne = create_engine(url, poolclass=NullPool)", [0, None, 0]),
        (ENGINE + "from sqlalchemy import pool\ne = create_engine(url, poolclass=pool.StaticPool)", [0, 1, 0]),
        (ENGINE + "e = create_engine(url, poolclass=OurPool)", [0, "?", 0]),
        ("import asyncpg\nasync def f(): return await asyncpg.create_pool(dsn)", [10, 10, 0]),
        ("import asyncpg\np = asyncpg.create_pool(dsn, min_size=1, max_size=4)", [1, 4, 0]),
        ("from psycopg_pool import ConnectionPool\np = ConnectionPool(dsn)", [4, 4, 0]),
        ("from psycopg_pool import ConnectionPool\np = ConnectionPool(dsn, min_size=2)", [2, 2, 0]),
        ("from psycopg_pool import AsyncConnectionPool as P\np = P(dsn, max_size=None)", [4, 4, 0]),
        ("import psycopg_pool\np = psycopg_pool.ConnectionPool(dsn, max_size=9)", [4, 9, 0]),
        ("from psycopg_pool import NullConnectionPool as P\np = P(dsn)", [0, None, 0]),
        ("from psycopg_pool import NullConnectionPool as P\np = P(dsn, max_size=5)", [0, 5, 0]),
        ("from psycopg2 import pool\np = pool.ThreadedConnectionPool(1, 12, dsn)", [1, 12, 0]),
        ("import psycopg2.pool\np = psycopg2.pool.SimpleConnectionPool(minconn=2, maxconn=M)", [2, "?", 0]),
    ],
)
def test_the_pool_of_a_call(code, expected):
    (pool,) = pools(code)
    assert figures(pool) == expected
    assert pool.server == "PostgreSQL"


@pytest.mark.parametrize(
    "expression",
    ["int(os.environ.get('SIZE', '4'))", "int(os.getenv('SIZE', 4))", "int(os.environ.get('SIZE') or 4)"],
)
def test_a_number_of_the_environment_is_known_only_where_the_environment_is(expression):
    (pool,) = pools(f"import os\n{ENGINE}e = create_engine(url, pool_size={expression})")
    assert figures(pool) == [0, "?", 10]
    assert figures(pool, SIZE="12") == [0, 12, 10]
    assert figures(pool, SIZE=None) == [0, "?", 10]
    assert pool.size.figure({}).reason == "it is SIZE of the environment, and 4 without it"


@pytest.mark.parametrize(
    "code",
    [
        ENGINE + "e = create_engine('sqlite:///x.db')",
        ENGINE + "URL = 'mysql+pymysql://x/y'\ne = create_engine(URL, pool_size=50)",
        ENGINE + "e = create_engine(f'sqlite:///{path}')",
        "from other import create_engine\ne = create_engine(url)",
        "def create_engine(url): ...\ne = create_engine(url)",
        "from alembic import context\n" + ENGINE + "e = create_engine(url)",
        "# asyncpg.create_pool()\n'import asyncpg'",
    ],
)
def test_what_is_no_pool_to_postgresql(code):
    assert pools(code) == ()


def test_other_servers_are_told_apart():
    found = pools("import redis, pymongo\nr = redis.Redis(max_connections=8)\nm = pymongo.MongoClient(uri)")
    assert [(pool.server, figures(pool)[1]) for pool in found] == [("Redis", 8), ("MongoDB", 100)]


def test_the_branches_of_an_if_are_one_pool():
    same = pools(ENGINE + "if x:\n    e = create_engine(a)\nelse:\n    e = create_engine(b)")
    assert [figures(pool) for pool in same] == [[0, 5, 10]]
    other = pools(ENGINE + "if x:\n    e = create_engine(a)\nelse:\n    e = create_engine(b, pool_size=9)")
    assert [figures(pool) for pool in other] == [[0, "?", 0]]
    test = pools(ENGINE + "if x:\n    e = create_engine('sqlite://')\nelse:\n    e = create_engine(b, pool_size=9)")
    assert [figures(pool) for pool in test] == [[0, 9, 10]]


PG = "'ENGINE': 'django.db.backends.postgresql'"


@pytest.mark.parametrize(
    ("databases", "expected"),
    [
        (f"{{'default': {{{PG}}}}}", [[0, None, 0]]),
        (f"{{'default': {{{PG}, 'CONN_MAX_AGE': 60}}, 'replica': {{{PG}}}}}", [[0, None, 0]] * 2),
        (f"{{'default': {{{PG}, 'OPTIONS': {{'pool': True}}}}}}", [[4, 4, 0]]),
        (f"{{'default': {{{PG}, 'OPTIONS': {{'pool': {{'min_size': 2, 'max_size': 8}}}}}}}}", [[2, 8, 0]]),
        (f"{{'default': {{{PG}, 'OPTIONS': {{'pool': POOL}}}}}}", [["?", "?", 0]]),
        (f"{{'default': {{{PG}, 'OPTIONS': options()}}}}", [[0, "?", 0]]),
        ("{'default': {'ENGINE': 'django.db.backends.sqlite3'}}", []),
        ("{'default': dj_database_url.config(conn_max_age=600)}", [[0, None, 0]]),
        ("{'default': env.db('DATABASE_URL')}", [[0, None, 0]]),
        ("{'default': something()}", [[0, "?", 0]]),
        ("read_them()", [[0, "?", 0]]),
    ],
)
def test_djangos_databases(databases, expected):
    assert [figures(pool) for pool in pools(f"DATABASES = {databases}", "config/settings.py")] == expected


FLASK = "from flask_sqlalchemy import SQLAlchemy\n"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (FLASK + "db = SQLAlchemy()", [0, 5, 10]),
        (FLASK + "db = SQLAlchemy(engine_options={'pool_size': 3, 'max_overflow': 1})", [0, 3, 1]),
        (FLASK + "db = SQLAlchemy()\napp.config['SQLALCHEMY_ENGINE_OPTIONS'] = {'pool_size': 3}", [0, 3, 10]),
        (FLASK + "class Config:\n    SQLALCHEMY_ENGINE_OPTIONS = {'pool_size': 4}\ndb = SQLAlchemy()", [0, 4, 10]),
        (FLASK + "SQLALCHEMY_ENGINE_OPTIONS = {'pool_size': 4}\nclass P:\n    SQLALCHEMY_ENGINE_OPTIONS = {}\ndb = SQLAlchemy()",
         [0, "?", "?"]),
        (FLASK + "db = SQLAlchemy()\napp.config['SQLALCHEMY_POOL_SIZE'] = 4", [0, "?", "?"]),
    ],
)
def test_flask_sqlalchemy(code, expected):
    (pool,) = pools(code)
    assert figures(pool) == expected


def test_what_is_no_python_is_a_gap_and_not_silence():
    found = read([("app/db.py", "import asyncpg\nprint 'x'")])
    assert found.pools == () and [gap.place for gap in found.gaps] == ["app/db.py"]


def test_a_dict_that_holds_itself_ends():
    found = read([("a.py", ENGINE + "o = {**o}\ne = create_engine(u, **o)"), ("b.py", ENGINE + "e = create_engine(u)")])
    assert [pool.path for pool in found.pools] == ["b.py"] and [gap.place for gap in found.gaps] == ["a.py"]


def test_connections_without_a_pool_are_named_where_there_is_no_pool():
    code = "import psycopg\ndef f():\n    return psycopg.connect(dsn)"
    assert [gap.place for gap in read([("a.py", code)]).gaps] == ["a.py:3"]
    assert read([("a.py", code), ("b.py", ENGINE + "create_engine(u)")]).gaps == ()
    assert read([("a.py", code + "\nif __name__ == '__main__': f()")]).gaps == ()
