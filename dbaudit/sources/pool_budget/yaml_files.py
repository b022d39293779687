"""YAML with the lines its values stand in. Only nodes are made: no tag of the file builds anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from dbaudit.sources.pool_budget import numbers


class NoYaml(Exception):
    """The text is no YAML, such as a template of some; `str(error)` says where."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node of a document, or nothing at all (`raw` is None): what is asked of it is then nothing, too.

    `known` are the items of the document's mappings that were asked for before, by identity.
    """

    raw: Any
    path: str
    known: dict[int, dict[str, Node]] = field(default_factory=dict, compare=False, repr=False)

    def __bool__(self) -> bool:
        return self.raw is not None

    @property
    def place(self) -> str:
        return f"{self.path}:{self.raw.start_mark.line + 1}" if self else self.path

    @property
    def text(self) -> str | None:
        """The text of a scalar as it stands in the file; None for null and for everything else."""
        if not self or not isinstance(self.raw.value, str) or self.raw.tag.endswith(":null"):
            return None
        return self.raw.value

    @property
    def number(self) -> int | None:
        """The scalar as a whole number, or None."""
        return numbers.count(self.text)

    @property
    def is_mapping(self) -> bool:
        return bool(self) and self.raw.id == "mapping"

    @property
    def is_sequence(self) -> bool:
        return bool(self) and self.raw.id == "sequence"

    def items(self) -> Iterator[tuple[str, Node]]:
        """The items of a mapping whose keys are scalars, its own and then merged ones (`<<`)."""
        if self.is_mapping:
            yield from self._flat().items()

    def _flat(self) -> dict[str, Node]:
        """Each mapping is flattened once, and one that is merged into itself adds nothing to itself."""
        if id(self.raw) not in self.known:
            self.known[id(self.raw)] = {}
            self.known[id(self.raw)] = {**self._merged(), **self._own()}
        return self.known[id(self.raw)]

    def _own(self) -> dict[str, Node]:
        return {
            key.value: self._to(value)
            for key, value in self.raw.value
            if key.id == "scalar" and not key.tag.endswith(":merge")
        }

    def _merged(self) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for key, value in self.raw.value:
            if key.id == "scalar" and key.tag.endswith(":merge"):
                for node in value.value if value.id == "sequence" else [value]:
                    found = {**dict(self._to(node).items()), **found}
        return found

    def _to(self, raw: Any) -> Node:
        return Node(raw, self.path, self.known)

    def values(self) -> Iterator[Node]:
        """The items of a sequence."""
        if self.is_sequence:
            for value in self.raw.value:
                yield self._to(value)

    def at(self, *keys: str) -> Node:
        """What stands under these keys, one below the other; nothing where one is absent."""
        node = self
        for key in keys:
            node = dict(node.items()).get(key, node._to(None))
        return node


def documents(text: str, path: str) -> list[Node]:
    """The documents of a YAML text. Raises NoYaml for what is none."""
    import yaml

    try:
        return [Node(node, path) for node in yaml.compose_all(text, Loader=yaml.SafeLoader) if node is not None]
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        raise NoYaml(f"{path}:{mark.line + 1}" if mark else path) from None
