"""Kubernetes manifests: workloads, their containers, and how many pods there are at the most.

A HorizontalPodAutoscaler's maxReplicas, or KEDA's maxReplicaCount (100 where it is not given), stands for replicas.
While a Deployment rolls out there are up to maxSurge more (25 %, rounded up); pods that are being stopped come on top.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from dbaudit.sources.pool_budget import numbers
from dbaudit.sources.pool_budget.found import Service, Value
from dbaudit.sources.pool_budget.yaml_files import Node

KINDS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cluster:
    """What the manifests hold, by namespace and name."""

    workloads: dict[tuple[str, str, str], list[Node]] = field(default_factory=dict)
    limits: dict[tuple[str, str, str], list[Value]] = field(default_factory=dict)
    maps: dict[tuple[str, str], dict[str, str | None]] = field(default_factory=dict)


def is_manifest(document: Node) -> bool:
    """Whether a YAML document is an object of Kubernetes."""
    return bool(document.at("apiVersion").text and document.at("kind").text)


def services(documents: Iterable[Node]) -> Iterator[Service]:
    """A service for each container of each workload in these manifests."""
    cluster = _Cluster()
    for document in _listed(documents):
        _sort_in(cluster, document)
    for key, nodes in cluster.workloads.items():
        yield from _containers(cluster, key, nodes)


def unread(documents: Iterable[Node]) -> Iterator[tuple[str, str, str]]:
    """Kind, name and place of objects that run containers and are of no kind that is read here, but for jobs."""
    for document in _listed(documents):
        kind = document.at("kind").text or ""
        runs = document.at("spec", "template", "spec", "containers") or document.at("spec", "containers")
        if runs and kind not in (*KINDS, "Job"):
            yield kind, document.at("metadata", "name").text or "?", document.place


def _listed(documents: Iterable[Node]) -> Iterator[Node]:
    for document in documents:
        if document.at("kind").text == "List":
            yield from document.at("items").values()
        else:
            yield document


def _sort_in(cluster: _Cluster, document: Node) -> None:
    kind, name = document.at("kind").text or "", document.at("metadata", "name").text or ""
    namespace = document.at("metadata", "namespace").text or ""
    if kind in KINDS:
        cluster.workloads.setdefault((kind, namespace, name), []).append(document)
    elif kind == "HorizontalPodAutoscaler":
        target = document.at("spec", "scaleTargetRef")
        most = _count(document.at("spec", "maxReplicas"), document, "maxReplicas")
        key = (target.at("kind").text or "", namespace, target.at("name").text or "")
        cluster.limits.setdefault(key, []).append(most)
    elif kind == "ScaledObject":
        target = document.at("spec", "scaleTargetRef")
        given = document.at("spec", "maxReplicaCount")
        most = _count(given, document, "maxReplicaCount") if given else Value(value=100, place="default of KEDA")
        key = (target.at("kind").text or "Deployment", namespace, target.at("name").text or "")
        cluster.limits.setdefault(key, []).append(most)
    elif kind == "ConfigMap":
        cluster.maps[namespace, name] = {key: value.text for key, value in document.at("data").items()}


def _count(node: Node, parent: Node, name: str) -> Value:
    if node.number is not None:
        return Value(value=node.number, place=node.place)
    return Value(place=(node or parent).place, reason=f"{name} is no number there")


def _containers(cluster: _Cluster, key: tuple[str, str, str], nodes: list[Node]) -> Iterator[Service]:
    kind, namespace, name = key
    workload = nodes[0]
    instances = _instances(cluster, key, nodes)
    surge = _surge(kind, workload, instances)
    containers = list(workload.at("spec", "template", "spec", "containers").values())
    for container in containers:
        environment, is_open = _environment(cluster, namespace, container)
        command, arguments = container.at("command"), container.at("args")
        own = container.at("name").text or "container"
        yield Service(
            name=name if len(containers) == 1 or own == name else f"{name}/{own}",
            kind="Kubernetes",
            place=(command or arguments or container).place,
            command=_words(arguments, environment) if arguments else None,
            entrypoint=_words(command, environment) if command else None,
            instances=instances,
            surge=surge,
            environment=environment,
            is_open=is_open,
            image=container.at("image").text or "",
        )


def _instances(cluster: _Cluster, key: tuple[str, str, str], nodes: list[Node]) -> Value:
    kind, _, name = key
    workload = nodes[0]
    if len(nodes) > 1:
        places = " and ".join(node.place for node in nodes[:2])
        return Value(
            place=places, reason=f"{kind} {name} is there {len(nodes)} times: render the overlay and name its output"
        )
    limits = _limits(cluster, key)
    if len(limits) > 1:
        return Value(place=limits[0].place, reason=f"{len(limits)} autoscalers say how many there are")
    if limits:
        return limits[0]
    if kind == "DaemonSet":
        return Value(place=workload.place, reason="there is one on each node of the cluster")
    replicas = workload.at("spec", "replicas")
    return _count(replicas, workload, "replicas") if replicas else Value(value=1, place=workload.place)


def _limits(cluster: _Cluster, key: tuple[str, str, str]) -> list[Value]:
    """What autoscalers say of a workload. One without a namespace goes where it is applied: it may be this one's."""
    kind, namespace, name = key
    return [
        value
        for (its_kind, its_namespace, its_name), values in cluster.limits.items()
        if (its_kind, its_name) == (kind, name) and (its_namespace == namespace or not its_namespace or not namespace)
        for value in values
    ]


def _surge(kind: str, workload: Node, instances: Value) -> Value:
    rolling = workload.at("spec", "strategy" if kind == "Deployment" else "updateStrategy")
    is_recreated = rolling.at("type").text in ("Recreate", "OnDelete")
    if kind in ("StatefulSet", "ReplicaSet") or is_recreated:
        return Value(value=0, place=(rolling or workload).place)
    given = rolling.at("rollingUpdate", "maxSurge")
    default = "25%" if kind == "Deployment" else "0"
    text, place = (given.text or "", given.place) if given else (default, "default of Kubernetes")
    if text.endswith("%") and instances.value is None:
        return Value(place=instances.place, reason=f"it is {text} of the instances")
    value = numbers.share(text, instances.value or 0) if text.endswith("%") else numbers.count(text)
    return Value(value=value, place=place, reason="" if value is not None else "maxSurge is no number there")


def _words(node: Node, environment: Mapping[str, str | None]) -> tuple[str, ...]:
    """Kubernetes puts $(NAME) in place itself, for what the container's own environment has."""
    return tuple(re.sub(r"\$\((\w+)\)", r"${\1}", value.text or "") for value in node.values())


def _environment(cluster: _Cluster, namespace: str, container: Node) -> tuple[dict[str, str | None], bool]:
    found: dict[str, str | None] = {}
    is_open = False
    for source in container.at("envFrom").values():
        name = source.at("configMapRef", "name").text
        data = cluster.maps.get((namespace, name)) if name else None
        is_open = is_open or data is None
        found |= data or {}
    for item in container.at("env").values():
        name = item.at("name").text
        reference = item.at("valueFrom", "configMapKeyRef")
        value = item.at("value").text
        if reference:
            data = cluster.maps.get((namespace, reference.at("name").text or ""), {})
            value = data.get(reference.at("key").text or "")
        if name:
            found[name] = value
    return found, is_open
