"""What the libraries' names mean: which calls connect, pool, query, wait. From the libraries' own documentation."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache

from dbaudit.facts.code import Waits

_LIBRARIES = frozenset(
    "psycopg psycopg2 psycopg_pool asyncpg aiopg sqlalchemy sqlmodel flask_sqlalchemy django redis aioredis pymongo motor"
    " requests httpx aiohttp urllib urllib3 smtplib time asyncio subprocess celery fastapi flask starlette typing"
    " dramatiq huey rq rest_framework tornado contextlib functools click typer flask_mail anyio trio os json".split()
)


class Thing(StrEnum):
    """What a library's object is, as far as the checks care."""

    CONNECTION = "connection"
    CURSOR = "cursor"
    SESSION = "session"
    SESSION_MAKER = "session maker"
    ENGINE = "engine"
    POOL = "pool"
    CLIENT = "client"
    TRANSACTION = "transaction"


_MADE_BY = {
    "psycopg2.connect": Thing.CONNECTION,
    "psycopg.connect": Thing.CONNECTION,
    "psycopg.Connection.connect": Thing.CONNECTION,
    "psycopg.AsyncConnection.connect": Thing.CONNECTION,
    "asyncpg.connect": Thing.CONNECTION,
    "aiopg.connect": Thing.CONNECTION,
    "sqlalchemy.create_engine": Thing.ENGINE,
    "sqlalchemy.create_async_engine": Thing.ENGINE,
    "sqlalchemy.engine_from_config": Thing.ENGINE,
    "sqlalchemy.async_engine_from_config": Thing.ENGINE,
    "psycopg_pool.ConnectionPool": Thing.POOL,
    "psycopg_pool.AsyncConnectionPool": Thing.POOL,
    "psycopg2.pool.SimpleConnectionPool": Thing.POOL,
    "psycopg2.pool.ThreadedConnectionPool": Thing.POOL,
    "asyncpg.create_pool": Thing.POOL,
    "aiopg.create_pool": Thing.POOL,
    "pymongo.MongoClient": Thing.CLIENT,
    "pymongo.AsyncMongoClient": Thing.CLIENT,
    "motor.AsyncIOMotorClient": Thing.CLIENT,
    "redis.Redis": Thing.CLIENT,
    "redis.StrictRedis": Thing.CLIENT,
    "redis.from_url": Thing.CLIENT,
    "redis.Redis.from_url": Thing.CLIENT,
    "redis.ConnectionPool": Thing.POOL,
    "redis.ConnectionPool.from_url": Thing.POOL,
    "redis.BlockingConnectionPool": Thing.POOL,
    "sqlalchemy.sessionmaker": Thing.SESSION_MAKER,
    "sqlalchemy.async_sessionmaker": Thing.SESSION_MAKER,
    "sqlalchemy.Session": Thing.SESSION,
    "sqlalchemy.AsyncSession": Thing.SESSION,
}
# The last names of all these calls: what is called otherwise makes none of them.
MAKERS = frozenset(name.rpartition(".")[2] for name in _MADE_BY) | {"NullConnectionPool", "AsyncNullConnectionPool"}
# What a method of a thing, or a call of it, gives.
_GIVES = {
    (Thing.ENGINE, "connect"): Thing.CONNECTION,
    (Thing.ENGINE, "begin"): Thing.CONNECTION,
    (Thing.ENGINE, "raw_connection"): Thing.CONNECTION,
    (Thing.ENGINE, "execution_options"): Thing.ENGINE,
    (Thing.POOL, "connection"): Thing.CONNECTION,
    (Thing.POOL, "acquire"): Thing.CONNECTION,
    (Thing.POOL, "getconn"): Thing.CONNECTION,
    (Thing.CONNECTION, "cursor"): Thing.CURSOR,
    (Thing.CONNECTION, "execution_options"): Thing.CONNECTION,
    (Thing.CONNECTION, "begin"): Thing.TRANSACTION,
    (Thing.CONNECTION, "transaction"): Thing.TRANSACTION,
    (Thing.SESSION, "begin"): Thing.TRANSACTION,
    (Thing.SESSION, "connection"): Thing.CONNECTION,
    (Thing.SESSION, "__call__"): Thing.SESSION,
    (Thing.SESSION_MAKER, "__call__"): Thing.SESSION,
    (Thing.SESSION_MAKER, "begin"): Thing.SESSION,
}
# Modules in which SQLAlchemy, and what builds on it, keeps the same names.
_SAME = re.compile(r"^(?:sqlalchemy|sqlmodel)(?:\.(?:engine|orm|session|ext|asyncio|future|pool|scoping))*\.")
_OTHERS = (
    (re.compile(r"^redis\.asyncio(\.client)?\."), "redis."),
    (re.compile(r"^aioredis\."), "redis."),
    (re.compile(r"^redis\.(client|connection)\."), "redis."),
    (re.compile(r"^motor\.motor_asyncio\."), "motor."),
    (re.compile(r"^pymongo\.mongo_client\."), "pymongo."),
    (re.compile(r"^psycopg_pool\.Null(?=ConnectionPool)"), "psycopg_pool."),
    (re.compile(r"^psycopg2\.extensions\.connection\(\)"), "psycopg2.connect()"),
    (re.compile(r"^psycopg\.(Async)?Connection\(\)"), "psycopg.connect()"),
    (re.compile(r"^asyncpg\.Connection\(\)"), "asyncpg.connect()"),
    (re.compile(r"^asyncpg\.(pool\.)?Pool\(\)"), "asyncpg.create_pool()"),
)


def is_library(dotted: str) -> bool:
    """Whether a dotted path is of a library that is known here, whatever the project calls its own files."""
    return dotted.partition(".")[0] in _LIBRARIES


@cache
def canonical(origin: str) -> str:
    """An origin with the name that its documentation uses for what several modules of a library export."""
    origin = _SAME.sub("sqlalchemy.", origin)
    for pattern, name in _OTHERS:
        origin = pattern.sub(name, origin)
    return origin


def made_by(origin: str) -> Thing | None:
    """What the call of this function makes, or None where it is not known to make any of the things above."""
    return _MADE_BY.get(canonical(origin))


@cache
def thing(origin: str) -> Thing | None:
    """What an object of this origin is, or None."""
    return _thing(canonical(origin))


def _thing(origin: str) -> Thing | None:
    if origin.endswith(".session") and origin.startswith("flask_sqlalchemy.SQLAlchemy()"):
        return Thing.SESSION
    if origin in ("django.db.connection",) or origin.startswith("django.db.connections"):
        return Thing.CONNECTION
    if not origin.endswith("()"):
        return None
    call = origin[:-2]
    if call in _MADE_BY:
        return _MADE_BY[call]
    if call == "sqlalchemy.scoped_session":
        return Thing.SESSION
    if call.endswith("()"):
        return _GIVES.get((_thing(call), "__call__"))
    base, _, method = call.rpartition(".")
    return _GIVES.get((_thing(base), method)) if base else None


def library(origin: str) -> str:
    """The library that an origin begins in: "psycopg2"."""
    return canonical(origin).partition(".")[0]


# The last names of all calls that `waits_for` knows.
WAITERS = frozenset(
    "get post put patch delete head options request send stream urlopen urlretrieve send_message sendmail login send_mail"
    " send_mass_mail mail_admins mail_managers sleep run call check_call check_output".split()
)
_HTTP_METHODS = "get|post|put|patch|delete|head|options|request|send|stream"
_WAITS = (
    (re.compile(rf"requests\.(api\.)?({_HTTP_METHODS})"), Waits.HTTP),
    (re.compile(rf"requests\.(sessions\.)?[sS]ession\(\)\.({_HTTP_METHODS})"), Waits.HTTP),
    (re.compile(rf"httpx\.({_HTTP_METHODS})"), Waits.HTTP),
    (re.compile(rf"httpx\.(Async)?Client\(\)\.({_HTTP_METHODS})"), Waits.HTTP),
    (re.compile(rf"aiohttp\.ClientSession\(\)\.({_HTTP_METHODS})"), Waits.HTTP),
    (re.compile(r"urllib\.request\.(urlopen|urlretrieve)"), Waits.HTTP),
    (re.compile(r"urllib3\.(PoolManager\(\)\.)?request"), Waits.HTTP),
    (re.compile(r"smtplib\.SMTP(_SSL)?\(\)\.(send_message|sendmail|login)"), Waits.MAIL),
    (re.compile(r"django\.core\.mail\.(send_mail|send_mass_mail|mail_admins|mail_managers)"), Waits.MAIL),
    (re.compile(r"django\.core\.mail\.(EmailMessage|EmailMultiAlternatives)\(\)\.send"), Waits.MAIL),
    (re.compile(r"flask_mail\.Mail\(\)\.send"), Waits.MAIL),
    (re.compile(r"(time|asyncio|anyio|trio)\.sleep"), Waits.SLEEP),
    (re.compile(r"subprocess\.(run|call|check_call|check_output)"), Waits.PROCESS),
)


def waits_for(origin: str) -> Waits | None:
    """What a call of this function waits for, other than a database; None for what is not known to wait."""
    return next((waits for pattern, waits in _WAITS if pattern.fullmatch(origin)), None)
