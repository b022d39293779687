"""Takes away what psql, pgAdmin and a CSV put around the lines of a plan."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from dbaudit.sources.plans.found import Line

_ROW = "QUERY PLAN"
_HEADER = re.compile(r'(?:[|│] *+)?"?QUERY PLAN"?(?: *+[|│])?')
_EXPANDED = re.compile(r" *+(?:[|│] *+)?QUERY PLAN *+[|│] ?")
_RECORD = re.compile(r"[-─┌├+│|]+\[ RECORD \d+ \].*")
_MORE_OF_THE_RECORD = re.compile(r" *+[|│] ?")
_RULE = re.compile(r"[-─═+┌┬┐├┼┤└┴┘|│╞╡]{3,}")
_COUNT = re.compile(r"\(\d+ rows?\)")
_BARS = ("|", "│")
_CONTINUED = ("+", "↵")


@dataclass(slots=True, kw_only=True)
class Block:
    """Lines that belong together. `is_framed`: a client printed them as the rows of a result."""

    is_framed: bool
    lines: list[Line] = field(default_factory=list)


def blocks(lines: Iterable[Line]) -> Iterator[Block]:
    """The results of a file, and what stands between them, in order; blank blocks are left out.

    Lines keep their indentation: what psql puts before all of them is the same for all.
    """
    block = Block(is_framed=False)
    is_expanded = has_bars = False
    for line in _unquoted(lines):
        number, text = line
        bare = text.strip()
        if _RECORD.fullmatch(bare):
            if not is_expanded:
                yield from _filled(block)
                block, is_expanded = Block(is_framed=True), True
        elif is_expanded:
            inner = _EXPANDED.match(text) or _MORE_OF_THE_RECORD.match(text)
            if inner:
                block.lines.append(Line(number, text[inner.end() :].removesuffix("|").rstrip()))
            else:
                yield from _filled(block)
                block, is_expanded = Block(is_framed=False, lines=[line]), False
        elif _HEADER.fullmatch(bare):
            yield from _filled(block)
            block, has_bars = Block(is_framed=True), bare.startswith(_BARS)
        elif block.is_framed and _COUNT.fullmatch(bare):
            yield from _filled(block)
            block, has_bars = Block(is_framed=False), False
        elif block.is_framed and _RULE.fullmatch(bare):
            continue
        else:
            is_barred = has_bars and len(bare) > 1 and bare.startswith(_BARS) and bare.endswith(_BARS)
            block.lines.append(Line(number, bare[1:-1].rstrip()) if is_barred else line)
    yield from _filled(block)


def joined(block: Block) -> list[Line]:
    """The lines without the mark with which psql says that a value goes on in the next one."""
    return [Line(number, _whole(text)) for number, text in block.lines] if block.is_framed else block.lines


def _whole(text: str) -> str:
    text = text.rstrip()
    return text[:-1].rstrip() if text.endswith(_CONTINUED) else text


def _filled(block: Block) -> Iterator[Block]:
    if any(line.text.strip() for line in block.lines):
        yield block


def _unquoted(lines: Iterable[Line]) -> Iterator[Line]:
    """Lines without the quotes that CSV and pgAdmin put around a value, which may take several lines."""
    is_open = is_quoted = has_begun = False
    for line in lines:
        number, text = line
        # psql centers the header, unless it aligns nothing.
        is_quoted = is_quoted or (text.startswith('"') and not has_begun) or text.rstrip() == _ROW
        has_begun = has_begun or bool(text.strip())
        if is_quoted and (is_open or text.startswith('"')):
            closes = (text.count('"') % 2 == 1) == is_open
            inner = text.rstrip().rstrip(";,") if closes else text
            inner = inner if is_open else inner[1:]
            yield Line(number, (inner.removesuffix('"') if closes else inner).replace('""', '"'))
            is_open = not closes
        else:
            yield line
