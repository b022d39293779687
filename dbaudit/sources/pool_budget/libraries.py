"""The pools of the libraries: which calls make one, how large it is, and what it is without an argument.

The defaults are the libraries' own: SQLAlchemy's QueuePool 5 + 10, asyncpg 10 opened at once, psycopg_pool 4 opened at
once and no more than that, pymongo 100 for each member of a replica set, aiopg 1 to 10, peewee 20. psycopg2.pool has
none. redis-py has 100 from 8.1 on and no limit before.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import replace

from dbaudit.sources.pool_budget.found import Pool, Value
from dbaudit.sources.pool_budget.literals import Module, keywords, number, text, unknown

Arguments = Mapping[str, ast.expr] | None
REDIS_DEFAULT = "redis-py has 100 by default from 8.1 on, and no limit before"
_NOT_POSTGRESQL = ("sqlite", "mysql", "mariadb", "oracle", "mssql", "duckdb", "snowflake", "bigquery", "cockroachdb")


def pool_of(module: Module, call: ast.Call) -> Pool | None:
    """The pool that a call makes, or None for a call that makes none, or one to a server that is of no interest."""
    name = module.qualified(call.func)
    maker = _MAKERS.get(name)
    return maker(module, call) if maker else None


def sqlalchemy_pool(module: Module, node: ast.AST, arguments: Arguments, library: str = "SQLAlchemy") -> Pool:
    """The pool of an engine with these arguments of create_engine; None stands for arguments that are hidden."""
    place = module.place(node)
    pool = Pool(
        library=library,
        path=module.path,
        place=place,
        size=replace(_argument(module, arguments, "pool_size", 5, "SQLAlchemy", place), zero_is_unlimited=True),
        overflow=replace(_argument(module, arguments, "max_overflow", 10, "SQLAlchemy", place), negative_is_unlimited=True),
    )
    if arguments is None or not {"pool", "poolclass"} & arguments.keys():
        return pool
    kind = module.qualified(arguments.get("poolclass", ast.Constant(None))).rpartition(".")[2]
    if kind in ("QueuePool", "AsyncAdaptedQueuePool"):
        return pool
    sizes = {
        "NullPool": Value(place=place, is_unlimited=True),
        "StaticPool": Value(value=1, place=place),
        "AssertionPool": Value(value=1, place=place),
    }
    size = sizes.get(kind, Value(place=place, reason=f"its pool is {kind or 'one of its own making'}"))
    return replace(pool, library=f"{library} {kind}".rstrip(), size=size, overflow=Value(value=0, place=place))


def _create_engine(module: Module, call: ast.Call) -> Pool | None:
    url = _url(module, call, "url")
    if url is not None and url.lower().startswith(_NOT_POSTGRESQL):
        return None
    return sqlalchemy_pool(module, call, keywords(module, call))


def _url(module: Module, call: ast.Call, name: str) -> str | None:
    given = [*call.args[:1], *(keyword.value for keyword in call.keywords if keyword.arg == name)]
    if not given:
        return None
    node = module.behind(given[0])
    if isinstance(node, ast.Call) and module.qualified(node.func).endswith("URL.create") and node.args:
        node = node.args[0]
    return text(module, node)


def _asyncpg(module: Module, call: ast.Call) -> Pool:
    return _bounded(module, call, "asyncpg", ("min_size", 10), ("max_size", 10))


def _aiopg(module: Module, call: ast.Call) -> Pool:
    return _bounded(module, call, "aiopg", ("minsize", 1), ("maxsize", 10), zero_is_unlimited=True)


def _psycopg_pool(module: Module, call: ast.Call) -> Pool:
    return psycopg_pool(module, call, keywords(module, call))


def psycopg_pool(module: Module, node: ast.AST, arguments: Arguments, library: str = "psycopg_pool") -> Pool:
    """A pool of psycopg_pool with these arguments: max_size is min_size, and min_size 4, where nobody says."""
    place = module.place(node)
    minimum = _argument(module, arguments, "min_size", 4, "psycopg_pool", place)
    largest = arguments.get("max_size") if arguments else None
    is_given = largest is not None and not (isinstance(largest, ast.Constant) and largest.value is None)
    size = number(module, largest) if is_given and largest is not None else minimum
    return Pool(library=library, path=module.path, place=place, size=size, minimum=minimum)


def _psycopg_null_pool(module: Module, call: ast.Call) -> Pool:
    arguments, place = keywords(module, call), module.place(call)
    size = Value(place=place, is_unlimited=True)
    if arguments is None:
        size = _hidden("max_size", place)
    elif "max_size" in arguments and ast.unparse(arguments["max_size"]) != "None":
        size = replace(number(module, arguments["max_size"]), zero_is_unlimited=True)
    return Pool(library="psycopg_pool NullConnectionPool", path=module.path, place=place, size=size)


def _psycopg2(module: Module, call: ast.Call) -> Pool:
    arguments, place = keywords(module, call), module.place(call)
    if arguments is None or any(isinstance(each, ast.Starred) for each in call.args[:2]):
        minimum = size = _hidden("maxconn", place)
    else:
        given = {**dict(zip(("minconn", "maxconn"), call.args)), **arguments}
        minimum, size = (_required(module, given, name, place) for name in ("minconn", "maxconn"))
    return Pool(library="psycopg2.pool", path=module.path, place=place, size=size, minimum=minimum)


def _peewee(module: Module, call: ast.Call) -> Pool:
    size = _argument(module, keywords(module, call), "max_connections", 20, "peewee", module.place(call))
    size = replace(size, zero_is_unlimited=True)
    return Pool(library="peewee", path=module.path, place=module.place(call), size=size)


def _databases(module: Module, call: ast.Call) -> Pool | None:
    url = _url(module, call, "url")
    if url is not None and url.lower().startswith(_NOT_POSTGRESQL):
        return None
    return _bounded(module, call, "databases", ("min_size", 10), ("max_size", 10))


def _redis(module: Module, call: ast.Call) -> Pool | None:
    arguments, place = keywords(module, call), module.place(call)
    if arguments is not None and "connection_pool" in arguments:
        return None
    size = Value(place=place, reason=REDIS_DEFAULT)
    if arguments is None:
        size = _hidden("max_connections", place)
    elif "max_connections" in arguments:
        size = number(module, arguments["max_connections"])
    return Pool(library="redis-py", path=module.path, place=place, size=size, server="Redis")


def _redis_blocking(module: Module, call: ast.Call) -> Pool:
    size = _argument(module, keywords(module, call), "max_connections", 50, "redis-py", module.place(call))
    return Pool(library="redis-py", path=module.path, place=module.place(call), size=size, server="Redis")


def _pymongo(module: Module, call: ast.Call) -> Pool:
    place, url = module.place(call), _url(module, call, "host")
    arguments = keywords(module, call)
    if arguments is not None and "maxPoolSize" not in arguments and url and "maxpoolsize=" in url.lower():
        size = Value(place=place, reason="its URI sets maxPoolSize")
    else:
        size = _argument(module, arguments, "maxPoolSize", 100, "pymongo", place)
    return Pool(
        library="pymongo", path=module.path, place=place, size=replace(size, zero_is_unlimited=True), server="MongoDB"
    )


def _bounded(
    module: Module,
    call: ast.Call,
    library: str,
    least: tuple[str, int],
    most: tuple[str, int],
    zero_is_unlimited: bool = False,
) -> Pool:
    arguments, place = keywords(module, call), module.place(call)
    minimum = _argument(module, arguments, *least, library, place)
    size = _argument(module, arguments, *most, library, place)
    return Pool(
        library=library,
        path=module.path,
        place=place,
        size=replace(size, zero_is_unlimited=zero_is_unlimited),
        minimum=minimum,
    )


def _argument(module: Module, arguments: Arguments, name: str, default: int, library: str, place: str) -> Value:
    if arguments is None:
        return _hidden(name, place)
    if name not in arguments:
        return Value(value=default, place=f"default of {library}")
    return number(module, arguments[name])


def _required(module: Module, arguments: Mapping[str, ast.expr], name: str, place: str) -> Value:
    return number(module, arguments[name]) if name in arguments else Value(place=place, reason=f"{name} is not given")


def _hidden(name: str, place: str) -> Value:
    return Value(place=place, reason=f"{name} may be among arguments that are not written down there")


def _from_config(module: Module, call: ast.Call) -> Pool:
    pool = sqlalchemy_pool(module, call, None)
    value = unknown(call, module.place(call))
    return replace(pool, size=value, overflow=value)


_MAKERS: dict[str, Callable[[Module, ast.Call], Pool | None]] = {
    **dict.fromkeys(
        (
            "sqlalchemy.create_engine", "sqlalchemy.engine.create_engine", "sqlmodel.create_engine",
            "sqlalchemy.ext.asyncio.create_async_engine", "sqlalchemy.ext.asyncio.engine.create_async_engine",
        ),
        _create_engine,
    ),
    **dict.fromkeys(
        ("sqlalchemy.engine_from_config", "sqlalchemy.ext.asyncio.async_engine_from_config"), _from_config
    ),
    **dict.fromkeys(("asyncpg.create_pool", "asyncpg.pool.create_pool"), _asyncpg),
    **dict.fromkeys(("aiopg.create_pool", "aiopg.sa.create_engine"), _aiopg),
    **dict.fromkeys(("psycopg_pool.ConnectionPool", "psycopg_pool.AsyncConnectionPool"), _psycopg_pool),
    **dict.fromkeys(("psycopg_pool.NullConnectionPool", "psycopg_pool.AsyncNullConnectionPool"), _psycopg_null_pool),
    **dict.fromkeys(("psycopg2.pool.SimpleConnectionPool", "psycopg2.pool.ThreadedConnectionPool"), _psycopg2),
    **dict.fromkeys(
        ("playhouse.pool.PooledPostgresqlDatabase", "playhouse.pool.PooledPostgresqlExtDatabase"), _peewee
    ),
    "databases.Database": _databases,
    **{
        f"{package}.{name}": _redis
        for package in ("redis", "redis.asyncio")
        for name in ("Redis", "StrictRedis", "ConnectionPool", "from_url", "Redis.from_url", "ConnectionPool.from_url")
    },
    **dict.fromkeys(("redis.BlockingConnectionPool", "redis.asyncio.BlockingConnectionPool"), _redis_blocking),
    **dict.fromkeys(
        (
            "pymongo.MongoClient", "pymongo.AsyncMongoClient", "motor.motor_asyncio.AsyncIOMotorClient",
            "motor.MotorClient",
        ),
        _pymongo,
    ),
}
