"""From what a project's files say, and what a person says, to the terms of its connection budget."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from dbaudit.facts.budget import POSTGRESQL, BudgetGap, Figure, PoolerPool, PoolerSettings, PoolUse
from dbaudit.sources.pool_budget import dockerfile
from dbaudit.sources.pool_budget.command_lines import Context, processes
from dbaudit.sources.pool_budget.dockerfile import Image
from dbaudit.sources.pool_budget.environment import addresses
from dbaudit.sources.pool_budget.files import text_of
from dbaudit.sources.pool_budget.found import Pool, Processes, Service, Value
from dbaudit.sources.pool_budget.given import GivenService
from dbaudit.sources.pool_budget.literals import Module, parsed
from dbaudit.sources.pool_budget.project import Project, beside
from dbaudit.sources.pool_budget.reach import entries, reached
from dbaudit.sources.pool_budget.settings import one_of_the_settings

UNDECIDED = "PgBouncer or the server"
_PGBOUNCER = "PgBouncer"
_NONE, _ONE = Figure(value=0), Figure(value=1)
# Images that open no connection to a database of the application's.
_OTHERS = (
    "postgres", "postgresql", "postgis", "pgvector", "timescaledb", "timescaledb-ha", "redis", "redis-stack", "valkey",
    "redis-stack-server", "rabbitmq", "nginx", "nginx-unprivileged", "traefik", "caddy", "memcached", "minio", "httpd",
    "elasticsearch", "opensearch", "mailhog", "mailpit", "mailcatcher", "maildev", "mongo", "mysql", "mariadb", "kafka",
    "cp-kafka", "zookeeper", "cp-zookeeper", "haproxy", "all-in-one", "prometheus", "loki", "vault", "consul", "etcd",
    "pgadmin4", "adminer", "localstack", "pgbouncer", "envoy", "proxyv2", "fluent-bit", "fluentd", "cloud-sql-proxy",
    "opentelemetry-collector", "opentelemetry-collector-contrib", "stripe-mock", "statsd", "selenium", "chrome",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The terms, what is missing from them, and what a reader must know of them."""

    uses: tuple[PoolUse, ...]
    pooled: tuple[PoolerPool, ...]
    settings: tuple[PoolerSettings, ...]
    gaps: tuple[BudgetGap, ...]
    notes: tuple[str, ...]


def budget(project: Project, given: Mapping[str, GivenService]) -> Budget:
    """The budget of a project, with what a person says of its services in place of what its files say."""
    uses: list[PoolUse] = []
    gaps: list[BudgetGap] = list(project.gaps)
    seen: set[str] = set()
    notes: dict[str, None] = dict.fromkeys(project.notes)
    for service in _deployed(project, given):
        seen.add(service.name)
        for row in _service(project, service, given.get(service.name)):
            if isinstance(row, str):
                notes[row] = None
            else:
                (uses if isinstance(row, PoolUse) else gaps).append(row)
    for name in given.keys() - seen:
        uses += _by_hand(project, given[name])
    if not project.services and not given:
        uses += _nobody_runs(project)
    uses.sort(key=lambda use: (use.service, use.place, use.pool))
    gaps += _through_nothing(project, uses)
    return Budget(
        uses=tuple(uses),
        pooled=tuple(_pooled(project, uses)),
        settings=tuple(pooler.settings for pooler in project.poolers),
        gaps=tuple(dict.fromkeys(gaps)),
        notes=tuple(notes),
    )


def _deployed(project: Project, given: Mapping[str, GivenService]) -> tuple[Service, ...]:
    """The services, without those of mere Dockerfiles where a person says what is deployed by other names."""
    is_only_built = all(service.kind == "Dockerfile" for service in project.services)
    if is_only_built and given and not any(service.name in given for service in project.services):
        return ()
    return project.services


def _service(project: Project, service: Service, given: GivenService | None) -> Iterator[PoolUse | BudgetGap | str]:
    if given and given.pool and given.pool.value == 0 and not given.overflow:
        return
    image = _image(project, service)
    started = _processes(service, image)
    if started is not None and not started.is_application and given is None:
        return
    if given is None and started is None and (_is_other(service.image) or (image is not None and _is_other(image.base))):
        return
    if started is None and (given is None or given.processes is None):
        yield _gap(service, "what it runs is not known", "processes=N pool=N")
        return
    environment = {**(image.environment if image else {}), **service.environment}
    running = started if started and started.is_application else Processes()
    directory = _directory(project, service)
    if given and given.pool:
        pools = [_given_pool(given)]
    else:
        below = one_of_the_settings(_below(project.pools, directory or ""), environment, directory or "", text_of)
        pools = _imported(below, _command(service, image) or (), directory or "")
        is_guess = pools is below and len({pool.path for pool in pools}) > 1
        if is_guess and directory is None and len({os.path.dirname(pool.path) for pool in pools}) > 1:
            yield _gap(service, "which of the project's code it runs is not known", "pool=N")
            return
        if is_guess:
            yield f"{service.name} is taken to open all pools that were found: which of them it imports is not known"
        for pool in below:
            if pool not in pools:
                yield f"not counted for {service.name}: {pool.library} in {pool.place}, as nothing that it runs imports it"
    if not any(pool.server == POSTGRESQL for pool in pools):
        yield _gap(service, f"no pool was found in the code of {directory or 'the project'}", "pool=N")
    for pool in pools:
        use = _use(service, running, pool, environment)
        use = replace(use, **_where_to(project, service, environment))
        yield _with_given(use, given, is_found=True)


def _gap(service: Service, reason: str, pairs: str) -> BudgetGap:
    remedy = f"--service '{service.name}: {pairs}', with pool=0 where it opens none"
    return BudgetGap(subject=service.name, place=service.place, reason=reason, remedy=remedy)


def _use(service: Service, running: Processes, pool: Pool, environment: Mapping[str, str | None]) -> PoolUse:
    instances = service.instances.figure(environment)
    surge = service.surge.figure(environment) if service.surge else _as_many_again(instances)
    return PoolUse(
        service=service.name,
        pool=pool.library,
        place=pool.place,
        instances=instances,
        surge=surge,
        processes=running.count.figure(environment),
        process_noun=running.noun,
        threads=running.threads.figure(environment) if running.threads else None,
        size=pool.size.figure(environment),
        overflow=pool.overflow.figure(environment),
        minimum=pool.minimum.figure(environment),
        server=pool.server,
    )


def _as_many_again(instances: Figure) -> Figure:
    place = "all new ones beside all old ones; surge=N says otherwise"
    return Figure(value=instances.value, place=place) if instances.is_known else Figure(
        place=instances.place, reason="it depends on how many instances there are"
    )


def _with_given(use: PoolUse, given: GivenService | None, *, is_found: bool) -> PoolUse:
    """What a person says stands for what was found, figure by figure."""
    if given is None:
        return use
    instances = given.instances or use.instances
    surge = given.surge or (_NONE if given.is_serverless else use.surge)
    if given.surge is None and given.instances and not given.is_serverless and not (is_found and use.surge.value == 0):
        surge = _as_many_again(instances)
    pool = {} if given.pool is None else {"size": given.pool, "overflow": given.overflow or _NONE, "minimum": _NONE}
    return replace(
        use,
        instances=instances,
        surge=surge,
        processes=given.processes or (_ONE if given.is_serverless else use.processes),
        threads=given.threads or use.threads,
        **pool,
        role=given.role or use.role,
        database=given.database or use.database,
        pooler=_pooler_named(given.through, use.pooler),
        **({"overflow": given.overflow} if given.overflow and not given.pool else {}),
    )


def _pooler_named(through: str, found: str) -> str:
    if not through:
        return found
    if through.lower() in ("server", "postgresql", "none", "direct"):
        return ""
    return _PGBOUNCER if through.lower() == "pgbouncer" else through


def _given_pool(given: GivenService) -> Pool:
    return Pool(library="given", path="", place=given.place, size=Value(value=0))


def _by_hand(project: Project, given: GivenService) -> Iterator[PoolUse]:
    """A service that no file names: all of it is given, or its pools are those of the code."""
    pools = [_given_pool(given)] if given.pool else list(one_of_the_settings(project.pools, {}, "", text_of))
    missing = [Pool(library="pool", path="", place=given.place, size=_not_given(given, "pool"))]
    instances = given.instances or _not_given(given, "instances").figure({})
    service = Service(
        name=given.name, kind="given", place=given.place, command=None, instances=Value(), surge=None
    )
    running = Processes(count=_not_given(given, "processes"))
    for pool in pools or missing:
        use = replace(_use(service, running, pool, {}), instances=instances, surge=_as_many_again(instances))
        yield _with_given(use, given, is_found=False)


def _not_given(given: GivenService, name: str) -> Value:
    return Value(place=given.place, reason=f"{name} is not given: {name}=N")


def _nobody_runs(project: Project) -> Iterator[PoolUse]:
    """Pools without anything that says how often they are made."""
    reason = "no file of the project says it: --service 'app: instances=N processes=N'"
    nowhere = Value(reason=reason)
    service = Service(name="app", kind="", place="", command=None, instances=nowhere, surge=None)
    for pool in one_of_the_settings(project.pools, {}, "", text_of):
        yield replace(_use(service, Processes(count=nowhere), pool, {}), **_where_to(project, service, {}))


def _image(project: Project, service: Service) -> Image | None:
    by_path = {each.path: each for each in project.images}
    if service.dockerfile and service.target:
        return dockerfile.image(text_of(service.dockerfile) or "", service.dockerfile, service.target)
    if service.dockerfile:
        return by_path.get(service.dockerfile)
    names = {_without_tag(each.image) for each in project.services if not _is_other(each.image)}
    is_the_only_one = service.kind == "Kubernetes" and len(project.images) == len(names) == 1
    return project.images[0] if is_the_only_one and not _is_other(service.image) else None


def _without_tag(image: str) -> str:
    folder, slash, name = image.partition("@")[0].rpartition("/")
    return folder + slash + name.partition(":")[0]


def _is_other(image: str) -> bool:
    return _without_tag(image).rpartition("/")[2].lower() in _OTHERS


def _processes(service: Service, image: Image | None) -> Processes | None:
    command = _command(service, image)
    if command is None:
        return None
    directory = service.directory or ""
    environment = {**(image.environment if image else {}), **service.environment}

    def text(path: str) -> str | None:
        return text_of(beside(directory, path))

    def module(path: str) -> Module | None:
        content = text(path)
        try:
            return parsed(content, beside(directory, path)) if content is not None else None
        except (SyntaxError, ValueError, RecursionError):
            return None

    place = service.place if service.command is not None or service.entrypoint is not None or not image else image.place
    context = Context(place=place, environment=environment, module=module, text=text, is_open=service.is_open)
    return processes(command, context)


def _command(service: Service, image: Image | None) -> tuple[str, ...] | None:
    """The whole command line of a service: what its file leaves out is the image's."""
    entrypoint, command = service.entrypoint, service.command
    if entrypoint is None and image is not None:
        entrypoint = image.entrypoint
        command = command if command is not None else image.command
    if entrypoint is None and command is None:
        return None
    return (*(entrypoint or ()), *(command or ()))


def _imported(pools: list[Pool], command: tuple[str, ...], directory: str) -> list[Pool]:
    """Of pools in several files those that the command's own module imports, and Django's; all where it imports none."""
    if len({pool.path for pool in pools}) < 2:
        return pools
    files = reached(entries(command), directory, text_of)
    found = [pool for pool in pools if pool.path in files or pool.library.startswith("Django")]
    return found or pools


def _directory(project: Project, service: Service) -> str | None:
    if service.directory is not None or service.kind != "Kubernetes":
        return service.directory
    image = _image(project, service)
    return os.path.dirname(image.path) if image else None


def _below(pools: Iterable[Pool], directory: str) -> list[Pool]:
    return [pool for pool in pools if not directory or pool.path.startswith(directory + os.sep)]


def _where_to(project: Project, service: Service, environment: Mapping[str, str | None]) -> dict[str, str]:
    """The role, the database and the pooler that the service's environment names, if it names one only."""
    named = addresses(environment)
    address = next(iter(named)) if len(named) == 1 else None
    told = {"role": address.role, "database": address.database} if address else {}
    if address is None:
        return {**told, "pooler": UNDECIDED if project.poolers else ""}
    ports = {pooler.port for pooler in project.poolers}
    is_pooled = address.port in ports or "bouncer" in address.host.lower()
    return {**told, "pooler": _PGBOUNCER if is_pooled else ""}


def _through_nothing(project: Project, uses: list[PoolUse]) -> Iterator[BudgetGap]:
    """Services of which it is not known whether they go through a pooler, and poolers whose own pools are not known."""
    for use in uses:
        if use.pooler == UNDECIDED:
            yield BudgetGap(
                subject=use.service,
                place=project.poolers[0].path,
                reason="whether it connects through PgBouncer is not known",
                remedy=f"--service '{use.service}: through=pgbouncer', or through=server",
            )
        elif use.pooler and not (project.poolers and use.pooler == _PGBOUNCER):
            yield BudgetGap(
                subject=use.pooler,
                place=use.service,
                reason="how many connections it opens to the server is not known",
                remedy="name its pgbouncer.ini" if use.pooler == _PGBOUNCER else "",
            )


def _pooled(project: Project, uses: list[PoolUse]) -> Iterator[PoolerPool]:
    """The poolers' pools, with as many users as the services that go through them have roles, where all are known."""
    clients = [use for use in uses if use.pooler == _PGBOUNCER]
    are_known = bool(clients) and all(use.role and use.database for use in clients)
    for pooler in project.poolers:
        for pool in pooler.pools:
            roles = {use.role for use in clients if use.database == pool.database}
            if not pool.users.is_known and are_known and pool.database != "*":
                pool = replace(pool, users=Figure(value=len(roles), place="the services' roles"))
            yield pool
