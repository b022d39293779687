"""What a command line starts: how many processes, and with how many threads that can hold a connection.

The defaults are the programs' own: gunicorn 1 worker of 1 thread (WEB_CONCURRENCY, then gunicorn.conf.py, then
GUNICORN_CMD_ARGS, then the command line), uvicorn and hypercorn 1 worker, celery as many processes as there are CPUs,
dramatiq as many as CPUs with 8 threads each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from dbaudit.sources.pool_budget.found import Processes, Value
from dbaudit.sources.pool_budget.gunicorn import gunicorn
from dbaudit.sources.pool_budget.literals import Module
from dbaudit.sources.pool_budget.shell import count, option, simple_commands, tokens

Words = tuple[str, ...]

_WRAPPERS = frozenset([
    "exec", "env", "poetry", "pipenv", "pdm", "uv", "hatch", "rye", "run", "--", "dumb-init", "tini", "ddtrace-run",
    "newrelic-admin", "run-program", "opentelemetry-instrument", "nice", "time", "nohup", "sudo", "-g", "-s", "coverage",
    "--no-sync", "--frozen", "--no-dev", "catatonit", "chamber", "doppler", "python", "python3", "-m",
    "-u", "-O", "hupper", "sh", "bash", "-e", "-x", "-ex", "-eu", "/usr/bin/env",
])
_MOMENTARY = frozenset([
    "alembic", "pytest", "true", "echo", "sleep", "cd", "mkdir", "cp", "chmod", "chown", "rm", "cat", "set", "export",
    "wait-for-it", "wait-for-it.sh", "wait-for", "wait-for.sh", "nginx", "redis-server", "postgres", "pg_dump", "psql",
    "memcached", "traefik", "caddy", "flower", "locust", "pgbouncer", "tail", "pip", "test", "[", "until", "while", "do",
    "done", "pg_isready", "nc", ":", "http.server", "mkdocs", "sphinx-autobuild",
])
_STARTING_MORE = ("multiprocessing", "workers", "fork", "ProcessPool", "subprocess", "spawn", "billiard", "gunicorn")
_BRANCHES = frozenset(["if", "case", "for", "function", "while", "until"])
_MANAGEMENT_SERVERS = frozenset(["runserver", "runserver_plus", "testserver"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Where a command runs: its environment, the place of its text, and how to get at a file of its directory.

    `is_open` says that the environment has variables from elsewhere.
    """

    place: str
    environment: Mapping[str, str | None]
    module: Callable[[str], Module | None]
    text: Callable[[str], str | None]
    is_open: bool = False


def processes(command: Words | str, context: Context) -> Processes | None:
    """What a command starts; None where that cannot be told, such as of a script."""
    words = tokens(command) if isinstance(command, str) else command
    if words is None:
        return None
    return _together(words, context)


def _together(words: Words, context: Context) -> Processes | None:
    found: list[Processes] = []
    for words in simple_commands(words):
        started = _started(words, context)
        if started is None:
            return None
        found.append(started)
    serving = [each for each in found if each.is_application]
    if len(serving) > 1:
        return None
    return serving[0] if serving else Processes(is_application=False) if found else None


def _started(words: Words, context: Context) -> Processes | None:
    environment = dict(context.environment)
    while words and ("=" in words[0] and not words[0].startswith("-") or words[0].rpartition("/")[2] in _WRAPPERS):
        if "=" in words[0]:
            name, _, value = words[0].partition("=")
            environment[name] = value
        elif words[0] == "-m" and len(words) > 1:
            return _module(words[1:], replace(context, environment=environment))
        elif words[0].rpartition("/")[2].startswith("python") and len(words) > 1 and words[1].endswith(".py"):
            return _script(words[1:], context)
        words = words[1:]
    if not words:
        return Processes(is_application=False)
    return _program(words, replace(context, environment=environment))


def _module(words: Words, context: Context) -> Processes | None:
    """`python -m` of a program, or of a module of the project."""
    paths = (words[0].replace(".", "/") + ending for ending in (".py", "/__main__.py"))
    own = next((path for path in paths if context.text(path) is not None), None)
    return _script((own, *words[1:]), context) if own else _program(words, context)


def _program(words: Words, context: Context) -> Processes | None:
    program = words[0].rpartition("/")[2]
    if program in _MOMENTARY:
        return Processes(is_application=False)
    if program.endswith(".py"):
        return _script(words, context)
    if program.endswith(".sh"):
        return _shell_script(words, context)
    start = _PROGRAMS.get(program)
    return start(words[1:], context) if start else None


def _shell_script(words: Words, context: Context) -> Processes | None:
    """A script that runs its arguments in the end, or one without branches that runs one server."""
    text = context.text(words[0])
    if text is None:
        return None
    lines = [line for line in text.replace("\\\n", " ").splitlines() if not line.lstrip().startswith("#") and line.strip()]
    first_words = {line.split()[0] for line in lines}
    if lines and lines[-1].strip() in ('exec "$@"', '"$@"') and not first_words & {"case", "shift", "exit"}:
        return _started(words[1:], context) if len(words) > 1 else None
    if first_words & _BRANCHES or "$@" in text:
        return None
    inner = tokens(" ; ".join(lines))
    return _together(inner, replace(context, text=lambda path: None)) if inner is not None else None


def _script(words: Words, context: Context) -> Processes | None:
    """`manage.py` runs what Django's command does; any other is one process where nothing in it starts more."""
    name = words[0].rpartition("/")[2]
    if name == "manage.py":
        return _management(words[1:], context)
    text = context.text(words[0])
    if text is None:
        return None
    if any(word in text for word in _STARTING_MORE):
        reason = "the script may start more processes than one"
        return Processes(count=Value(place=f"{context.place} {words[0]}", reason=reason))
    return Processes(count=Value(value=1, place=context.place))


def _management(words: Words, context: Context) -> Processes | None:
    if not words:
        return Processes(is_application=False)
    if words[0] in _MANAGEMENT_SERVERS:
        return Processes(count=Value(value=1, place=context.place))
    momentary = ("migrate", "collectstatic", "check", "makemigrations", "loaddata", "shell", "test", "compilemessages",
                 "createsuperuser", "wait_for_db", "createcachetable")
    if words[0] in momentary:
        return Processes(is_application=False)
    return _single(words, context) if words[0] == "rqworker" else None


def _single(words: Words, context: Context) -> Processes:
    """One process that does one thing at a time."""
    return Processes(count=Value(value=1, place=context.place), threads=Value(value=1, place=context.place))


def _uvicorn(words: Words, context: Context) -> Processes:
    """uvicorn and `fastapi run`, whose default is WEB_CONCURRENCY. UVICORN_WORKERS stands for --workers."""
    if words[:1] == ("dev",) or "--reload" in words:
        return _unbounded(words, context)
    variables = ("UVICORN_WORKERS", "WEB_CONCURRENCY")
    variable = next((name for name in variables if name in context.environment), "WEB_CONCURRENCY" if context.is_open else "")
    return _asynchronous(option(words, "--workers"), variable, context)


def _hypercorn(words: Words, context: Context) -> Processes | None:
    given = option(words, "-w", "--workers")
    is_elsewhere = given is None and option(words, "-c", "--config") is not None
    return None if is_elsewhere else _asynchronous(given, "", context)


def _granian(words: Words, context: Context) -> Processes:
    is_set = context.is_open or "GRANIAN_WORKERS" in context.environment
    return _asynchronous(option(words, "--workers"), "GRANIAN_WORKERS" if is_set else "", context)


def _asynchronous(given: str | None, variable: str, context: Context) -> Processes:
    """Workers whose event loops have no limit of their own: as many as are given, or as the environment says, or one."""
    if given is not None:
        return Processes(noun="worker", count=count(given, context.place))
    if variable:
        return Processes(noun="worker", count=Value(place=context.place, variable=variable))
    return Processes(noun="worker", count=Value(value=1, place="default: one worker"))


def _celery(words: Words, context: Context) -> Processes | None:
    if "worker" not in words:
        if "beat" in words:
            return _single(words, context)
        is_momentary = any(word in ("flower", "inspect", "status", "purge", "control", "report", "upgrade") for word in words)
        return Processes(is_application=False) if is_momentary else None
    kind = option(words, "-P", "--pool") or "prefork"
    if kind == "solo":
        return _single(words, context)
    scale = option(words, "--autoscale")
    given = scale.partition(",")[0] if scale else option(words, "-c", "--concurrency")
    if given is not None:
        many = count(given, context.place)
    else:
        many = Value(
            place=context.place, reason="it is the number of CPUs of its machine, or worker_concurrency: --concurrency sets it"
        )
    one = Value(value=1, place=context.place)
    if kind in ("prefork", "processes"):
        return Processes(noun="process", count=many, threads=one)
    return Processes(count=one, threads=many)


def _dramatiq(words: Words, context: Context) -> Processes:
    given = option(words, "-p", "--processes")
    threads = option(words, "-t", "--threads")
    cpus = Value(place=context.place, reason="it is the number of CPUs of its machine: --processes sets it")
    return Processes(
        count=count(given, context.place) if given else cpus,
        threads=count(threads, context.place) if threads else Value(value=8, place="default of dramatiq"),
    )


def _rq(words: Words, context: Context) -> Processes:
    given = option(words, "-n", "--num-workers") if words[:1] == ("worker-pool",) else None
    return replace(_single(words, context), noun="worker", count=count(given or "1", context.place))


def _uwsgi(words: Words, context: Context) -> Processes | None:
    hidden = any(word.endswith((".ini", ".yaml", ".yml", ".json", ".xml")) or word.startswith("--ini") for word in words)
    given, threads = option(words, "-p", "--processes", "--workers"), option(words, "--threads")
    if hidden or option(words, "--gevent") or option(words, "--cheaper"):
        return None
    return Processes(
        noun="worker",
        count=count(given or "1", context.place),
        threads=count(threads or "1", context.place),
    )


def _flask(words: Words, context: Context) -> Processes | None:
    if "run" in words:
        return _unbounded(words, context)
    is_momentary = any(word in ("db", "routes", "shell", "init-db") for word in words)
    return Processes(is_application=False) if is_momentary else None


def _unbounded(words: Words, context: Context) -> Processes:
    return Processes(count=Value(value=1, place=context.place))


_PROGRAMS: dict[str, Callable[[Words, Context], Processes | None]] = {
    "gunicorn": gunicorn,
    **dict.fromkeys(("uvicorn", "fastapi"), _uvicorn),
    "hypercorn": _hypercorn,
    "granian": _granian,
    **dict.fromkeys(("daphne", "arq", "streamlit"), _unbounded),
    "celery": _celery,
    "dramatiq": _dramatiq,
    **dict.fromkeys(("rq", "rqworker"), _rq),
    "uwsgi": _uwsgi,
    "flask": _flask,
    **dict.fromkeys(("django-admin", "django"), _management),
}
