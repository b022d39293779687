"""Compose files: services, what they run, and how many there are of each. Later files override the earlier."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from dbaudit.sources.pool_budget.environment import from_file
from dbaudit.sources.pool_budget.found import COMPOSE, Service, Value
from dbaudit.sources.pool_budget.shell import count, tokens
from dbaudit.sources.pool_budget.yaml_files import Node

_OURS = re.compile(r"\$(?:\$|(\w+)|\{(\w+)((?::?-[^{}]*)?)(?::?\?[^{}]*)?\})")


def services(files: Iterable[Node], read_file) -> Iterator[Service]:
    """The services of compose files of one project, given in the order in which docker compose merges them.

    `read_file` gives the text of a path, or None.
    """
    by_name: dict[str, list[Node]] = {}
    for file in files:
        for name, node in file.at("services").items():
            by_name.setdefault(name, []).append(node)
    found = [
        _service(name, _extended(nodes, by_name), read_file)
        for name, nodes in by_name.items()
        if not _last(nodes, "profiles") and name not in _momentary(by_name)
    ]
    built = {service.image: service for service in found if service.image and service.dockerfile}
    for service in found:
        maker = built.get(service.image)
        if maker is not None and not service.dockerfile:
            service = replace(service, directory=maker.directory, dockerfile=maker.dockerfile, target=maker.target)
        yield service


def left_out(files: Iterable[Node]) -> list[str]:
    """The names of services that docker compose does not start unless their profile is asked for."""
    return [name for file in files for name, node in file.at("services").items() if node.at("profiles")]


def _extended(nodes: list[Node], by_name: dict[str, list[Node]], depth: int = 0) -> list[Node]:
    """A service's own nodes behind those of the service that it extends, where that is in the same files."""
    extended = _last(nodes, "extends")
    base = by_name.get(extended.text or extended.at("service").text or "")
    if not base or extended.at("file") or depth > len(by_name):
        return nodes
    return [*_extended(base, by_name, depth + 1), *nodes]


def _momentary(by_name: dict[str, list[Node]]) -> set[str]:
    """Services that others wait for to end."""
    return {
        name
        for nodes in by_name.values()
        for node in nodes
        for name, condition in node.at("depends_on").items()
        if condition.at("condition").text == "service_completed_successfully"
    }


def _service(name: str, nodes: list[Node], read_file) -> Service:
    place, first = _last(nodes, "command").place, nodes[0]
    here = os.path.dirname(first.path)
    build = _last(nodes, "build")
    context = interpolated(build.text or build.at("context").text or ".") if build else None
    directory = os.path.normpath(os.path.join(here, context)) if context and "$" not in context else None
    dockerfile = build.at("dockerfile").text or "Dockerfile"
    entrypoint, command = _last(nodes, "entrypoint"), _last(nodes, "command")
    environment, is_open = _environment(nodes, here, read_file)
    words = _words(command)
    return Service(
        name=name,
        kind="compose",
        place=place if command else nodes[-1].place,
        command=words,
        entrypoint=_words(entrypoint),
        instances=_instances(nodes),
        surge=_surge(nodes),
        environment=environment,
        is_open=is_open,
        directory="" if directory == "." else directory,
        target=interpolated(build.at("target").text or ""),
        dockerfile=os.path.normpath(os.path.join(directory, dockerfile)) if directory else "",
        image=_last(nodes, "image").text or "",
    )


def _last(nodes: list[Node], *keys: str) -> Node:
    found = [node.at(*keys) for node in nodes if node.at(*keys)]
    return found[-1] if found else Node(None, nodes[-1].path)


def interpolated(text: str) -> str:
    """Compose's own variables are marked as such; $$ is a dollar sign for the container's shell."""

    def mark(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        return f"${{{COMPOSE}{name}{match[3] or ''}}}" if name else "$"

    return _OURS.sub(mark, text)


def _words(node: Node) -> tuple[str, ...] | None:
    if node.is_sequence:
        return tuple(interpolated(value.text or "") for value in node.values())
    return tokens(interpolated(node.text)) if node.text else None


def _instances(nodes: list[Node]) -> Value:
    replicas, scale = _last(nodes, "deploy", "replicas"), _last(nodes, "scale")
    if _last(nodes, "deploy", "mode").text in ("global", "global-job"):
        return Value(place=_last(nodes, "deploy", "mode").place, reason="there is one on each node of the swarm")
    given = replicas or scale
    if given and given.text is not None:
        return count(interpolated(given.text), given.place)
    return Value(value=1, place=nodes[0].place)


def _surge(nodes: list[Node]) -> Value:
    """New containers run beside the old ones only where the order is start-first."""
    order = _last(nodes, "deploy", "update_config", "order")
    if order.text != "start-first":
        return Value(value=0, place=order.place if order else nodes[0].place)
    parallelism = _last(nodes, "deploy", "update_config", "parallelism")
    if not parallelism:
        return Value(value=1, place=order.place)
    if parallelism.number == 0:
        return _instances(nodes)
    return count(interpolated(parallelism.text or ""), parallelism.place)


def _environment(nodes: list[Node], here: str, read_file) -> tuple[dict[str, str | None], bool]:
    found: dict[str, str | None] = {}
    is_open = False
    for node in nodes:
        files = node.at("env_file")
        for file in files.values() if files.is_sequence else [files] if files else []:
            name = file.text or file.at("path").text
            text = read_file(os.path.normpath(os.path.join(here, name))) if name else None
            is_open = is_open or text is None
            found |= from_file(text or "")
    for node in nodes:
        given = node.at("environment")
        found |= {name: _literal(value.text) for name, value in given.items()}
        for item in given.values():
            name, equals, value = (item.text or "").partition("=")
            found[name] = _literal(value) if equals else None
    return found, is_open


def _literal(text: str | None) -> str | None:
    if text is None:
        return None
    marked = interpolated(text)
    return None if "${" + COMPOSE in marked else marked
