"""A project's files, read: its services, its pools, its images and its poolers."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dbaudit.facts.budget import BudgetGap
from dbaudit.sources.pool_budget import compose, dockerfile, kubernetes, pgbouncer_ini, procfile, python_pools
from dbaudit.sources.pool_budget.dockerfile import Image, image
from dbaudit.sources.pool_budget.files import LARGEST_FILE_BYTES, Files, find, text_of
from dbaudit.sources.pool_budget.found import Pool, Service
from dbaudit.sources.pool_budget.pgbouncer_ini import PgBouncer
from dbaudit.sources.pool_budget.versions import pinned, with_defaults
from dbaudit.sources.pool_budget.yaml_files import Node, NoYaml, documents

_NO_TEXT = f"it cannot be read as UTF-8 of at most {LARGEST_FILE_BYTES >> 20} MB"
_RENDER = "render it (helm template, kustomize build) and name its output"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """What was found. `services` are of one kind of file only, the one that is nearest to what runs."""

    services: tuple[Service, ...] = ()
    pools: tuple[Pool, ...] = ()
    images: tuple[Image, ...] = ()
    poolers: tuple[PgBouncer, ...] = ()
    gaps: tuple[BudgetGap, ...] = ()
    notes: tuple[str, ...] = ()


def read(paths: Iterable[str]) -> Project:
    """What these files and directories say. Raises AuditError for a path that is not there."""
    files = find(paths)
    unread: list[str] = []
    code = python_pools.read(_texts(files.python, unread))
    images = tuple(image(text, path) for path in files.dockerfiles if (text := text_of(path)) is not None)
    manifests, gaps = _manifests(files.yaml)
    composed, compose_gaps, profiles = _composed(files.compose)
    found = {
        "Kubernetes": tuple(kubernetes.services(manifests)),
        "compose": composed,
        "Procfile": tuple(service for path in files.procfiles for service in procfile.services(text_of(path) or "", path)),
    }
    kinds = [kind for kind, services in found.items() if services]
    if not kinds and images:
        kinds, found = ["Dockerfile"], {"Dockerfile": tuple(dockerfile.services(images))}
    kind = kinds[0] if kinds else ""
    if kind != "compose":
        compose_gaps, profiles = [], []
    return Project(
        services=found.get(kind, ()),
        pools=with_defaults(code.pools, pinned((path, text_of(path) or "") for path in files.pins)),
        images=images,
        poolers=tuple(pgbouncer_ini.read(text_of(path) or "", path) for path in files.poolers),
        gaps=(*code.gaps, *gaps, *compose_gaps, *_unreadable(files)),
        notes=(*_notes(files, found, kinds), *profiles, *_unread(unread)),
    )


def _texts(paths: list[str], unread: list[str]) -> Iterator[tuple[str, str]]:
    """Paths and texts, one at a time. What is no text goes to `unread`."""
    for path in paths:
        text = text_of(path)
        if text is None:
            unread.append(path)
        else:
            yield path, text


def _unreadable(files: Files) -> Iterator[BudgetGap]:
    for path in (*files.procfiles, *files.dockerfiles, *files.poolers, *(path for paths in files.compose for path in paths)):
        if text_of(path) is None:
            yield BudgetGap(subject=path, place=path, reason=_NO_TEXT)


def _unread(paths: list[str]) -> Iterator[str]:
    if paths:
        others = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        yield f"{paths[0]}{others}: {_NO_TEXT}"


def _manifests(paths: list[str]) -> tuple[list[Node], list[BudgetGap]]:
    found: list[Node] = []
    gaps: list[BudgetGap] = []
    for path in paths:
        text = text_of(path)
        if text is None or "apiVersion" not in text:
            continue
        try:
            found += [document for document in documents(text, path) if kubernetes.is_manifest(document)]
        except NoYaml as error:
            if any(f"kind: {kind}" in text for kind in kubernetes.KINDS):
                gaps.append(BudgetGap(subject=path, place=str(error), reason="it is no plain YAML", remedy=_RENDER))
    for kind, name, place in kubernetes.unread(found):
        remedy = f"--service '{name}: instances=N processes=N pool=N'"
        gaps.append(BudgetGap(subject=name, place=place, reason=f"a {kind} is not read", remedy=remedy))
    return found, gaps


def _composed(projects: list[list[str]]) -> tuple[tuple[Service, ...], list[BudgetGap], list[str]]:
    services: list[Service] = []
    notes: list[str] = []
    gaps: list[BudgetGap] = []
    for paths in projects:
        nodes: list[Node] = []
        for path in paths:
            try:
                nodes += documents(text_of(path) or "", path)[:1]
            except NoYaml as error:
                gaps.append(BudgetGap(subject=path, place=str(error), reason="it is no valid YAML"))
        for node in nodes:
            included = node.at("include")
            if included:
                gaps.append(BudgetGap(subject=node.path, place=included.place, reason="what it includes is not read"))
        services += compose.services(nodes, text_of)
        notes += [f"{paths[0]}: {name} is left out: it has a profile" for name in compose.left_out(nodes)]
    return tuple(services), gaps, notes


def _notes(files: Files, found: dict[str, tuple[Service, ...]], kinds: list[str]) -> Iterator[str]:
    for path in files.left_out:
        if kinds[:1] == ["compose"]:
            yield f"{path} is not read: name the compose files that are used, in their order"
    for kind in kinds[1:]:
        places = sorted({service.place.rpartition(":")[0] for service in found[kind]})
        yield f"{', '.join(places[:3])}: left out, as the {kinds[0]} files say what is deployed"
    if files.is_cut:
        yield "there are too many files: not all were looked at"


def beside(directory: str, path: str) -> str:
    """A path of a container's working directory as one of the project."""
    return os.path.normpath(os.path.join(directory, path.removeprefix("/app/").removeprefix("/code/").lstrip("/")))
