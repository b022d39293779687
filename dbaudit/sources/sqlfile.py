"""Files to statements: where each begins and ends, what it is called, and what is not SQL at all."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from dbaudit.errors import AuditError
from dbaudit.facts.statement import Kind, Statement, ValueSet
from dbaudit.finding import Span
from dbaudit.sources import placeholders, sqlname
from dbaudit.sources.sqllex import COMMENT, PUNCTUATION, WORD, Token, fold, marks

# A file of statements is far smaller; a log or a dump of rows is not, and would take minutes and gigabytes to split.
LARGEST_FILE_BYTES = 64 << 20

_LINE_BREAK = re.compile(r"\r\n?|\n")
_NUMBER = re.compile(r"#\d+$")
# These few files need: re compiles them when they are asked for first, and keeps them.
_END_OF_COPY = r"(?m)^\\\.\r?$"
# A meta-command takes the rest of its line, or what stands before \\ on it; these take the line whatever is in it.
_META_COMMAND = r"(?i)\\(?:copy|!|help|h|ef|ev|sf|sv)(?![a-z])[^\r\n]*|\\(?:'(?:[^'\\\r\n]|''|\\[^\r\n])*+'?|\\(?!\\)|[^'\\\r\n])*"
_SENDS = r"(?i)\\(?:g|gx|gset|gexec|gdesc|bind|bind_named|parse|sendpipeline|crosstabview|watch)(?![a-z_])"
_COPIES_IN = r"(?i)\\copy\s.*\sfrom\s+stdin(?=[\s;]|$)"
_REST_OF_LINE = r"[ \t\f\v]*+(?:--[^\r\n]*+)?(?:\r\n?|\n|$)"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    kind: Kind
    start: int
    end: int
    name: str = ""
    tokens: tuple[Token, ...] = ()
    since: int = 0


def read(path: str) -> tuple[Statement, ...]:
    """The statements of a file; none for one that is empty.

    Raises AuditError, naming the file, for what cannot be read or is not text.
    """
    return split(decode(content(path), path), path)


def content(path: str, largest: int = LARGEST_FILE_BYTES) -> bytes:
    """The bytes of a file, up to one more than `largest`. Raises AuditError, naming the file, where it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read(largest + 1)
    except IsADirectoryError:
        raise AuditError(f"{path} is a directory", "name the files in it") from None
    except FileNotFoundError:
        raise AuditError(f"{path}: no such file") from None
    except (OSError, ValueError) as error:
        raise AuditError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None


def decode(data: bytes, path: str) -> str:
    """The text of a file in UTF-8, without a byte order mark.

    Raises AuditError, naming the file and the line, for another encoding and for NUL bytes: a server would see less of
    such a text than we do.
    """
    if len(data) > LARGEST_FILE_BYTES:
        raise AuditError(f"{path} is larger than {LARGEST_FILE_BYTES >> 20} MB, too large for a file of statements")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise AuditError(f"{path} is not UTF-8 but UTF-16", "save it as UTF-8")
    nul = data.find(b"\0")
    if nul >= 0:
        raise AuditError(f"{path}:{_line_of(data, nul)}: holds a NUL byte, so it is not SQL text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        line = _line_of(error.object, error.start)
        raise AuditError(f"{path}:{line}: byte 0x{byte:02x} is not UTF-8", "save the file as UTF-8") from None


def split(text: str, path: str) -> tuple[Statement, ...]:
    """The statements of a text in order, and what else stands in it under its own kind. Never raises.

    A statement ends where psql ends it: at a semicolon that is in no literal, comment, parentheses or BEGIN ATOMIC
    block, or at a meta-command that sends it. What is not closed reaches to the end of the text. Of an EXPLAIN it is
    the query or data modification that is explained.
    """
    lines = [0, *(found.end() for found in _LINE_BREAK.finditer(text))]
    return distinct(_statement(piece, text, path, lines) for piece in _pieces(text))


def distinct(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """The statements, where a name or an identity that came before gets #2, #3 and so on behind it."""
    names: dict[str, int] = {}
    identities: dict[str, int] = {}
    return tuple(_distinct(statement, names, identities) for statement in statements)


def _distinct(statement: Statement, names: dict[str, int], identities: dict[str, int]) -> Statement:
    name = _numbered(statement.name, names) if statement.name else ""
    identity = _numbered(statement.identity, identities)
    if (name, identity) == (statement.name, statement.identity):
        return statement
    return replace(statement, name=name, identity=identity)


def _numbered(text: str, seen: dict[str, int]) -> str:
    """The text, or where it was seen the next number behind it, or behind what has a number already."""
    if text not in seen:
        seen[text] = 1
        return text
    base = _NUMBER.sub("", text)
    count = seen.get(base, 1) + 1
    while f"{base}#{count}" in seen:
        count += 1
    seen[base] = count
    seen[f"{base}#{count}"] = 1
    return f"{base}#{count}"


def _line_of(data: bytes, offset: int) -> int:
    return data.count(b"\n", 0, offset) + 1


def _statement(piece: _Piece, text: str, path: str, lines: list[int]) -> Statement:
    line, end_line = bisect_right(lines, piece.start), bisect_right(lines, piece.end)
    own = text[piece.start : piece.end]
    reading = placeholders.read(own, piece.tokens, piece.start) if piece.kind is Kind.SQL else placeholders.Reading()
    reason = reading.reason_not_sql or _meta_command_within(text, piece)
    return Statement(
        name=piece.name,
        text=own,
        span=Span(
            path=path,
            line=line,
            column=piece.start - lines[line - 1] + 1,
            end_line=end_line,
            end_column=piece.end - lines[end_line - 1] + 1,
        ),
        identity=piece.name or sqlname.identity(text, piece.tokens, piece.start, piece.end),
        kind=piece.kind,
        command=sqlname.command(text, piece.tokens),
        parameters=reading.parameters,
        edits=reading.edits,
        is_ambiguous=reading.is_ambiguous,
        reason_not_sql=reason,
        value_sets=_given_values(text[piece.since : piece.end]) if piece.kind is Kind.SQL else (),
    )


def _given_values(text: str) -> tuple[ValueSet, ...]:
    if "dbaudit:" not in text.lower():
        return ()
    from dbaudit.sources import given

    return given.in_comments(text)


def _meta_command_within(text: str, piece: _Piece) -> str:
    """Why a statement is no SQL that psql changes while it reads it, as \\if does; empty for any other."""
    for token in piece.tokens:
        if token.kind == PUNCTUATION and text[token.start] == "\\":
            command = re.compile(_META_COMMAND).match(text, token.start).group().split()[0]
            return f"has the psql meta-command {command[:30]} in it"
    return ""


def _pieces(text: str) -> Iterator[_Piece]:
    position, name, copies = 0, "", 0
    while position < len(text):
        since = position
        piece, position, name = _next(text, position, name)
        if piece is None:
            return
        yield replace(_explained(text, piece), since=since)
        copies += _reads_data(text, piece)
        if piece.kind is Kind.SQL:
            name = ""
            if text.startswith("\\;", position - 1):
                # It is sent together with the next statement, and the rows stand behind them all.
                continue
        for _ in range(copies):
            data, position = _copy_data(text, position)
            if data:
                yield data
        copies = 0


def _explained(text: str, piece: _Piece) -> _Piece:
    """The piece without an EXPLAIN before its statement: the audit adds its own."""
    if text[piece.start : piece.start + 7].lower() != "explain":
        return piece
    from dbaudit.sources.sqlexplain import start_of_explained

    first = start_of_explained(text, piece.tokens)
    return replace(piece, start=piece.tokens[first].start, tokens=piece.tokens[first:]) if first else piece


def _next(text: str, position: int, name: str) -> tuple[_Piece | None, int, str]:
    """The next piece, where the text goes on behind it, and the name that a comment gave and no statement took."""
    taken: list[Token] = []
    parentheses = block = 0
    for token in marks(text, position):
        kind, start, end = token
        if kind == COMMENT:
            if not taken:
                name = sqlname.given(text[start:end]) or name
            continue
        if kind == PUNCTUATION:
            character = text[start]
            if character == ";" and not parentheses and not block:
                if taken:
                    return _sql(taken, name), end, name
                continue
            if character == "(":
                parentheses += 1
            elif character == ")":
                parentheses = max(0, parentheses - 1)
            elif character == "\\":
                if text.startswith("\\;", start):
                    if taken:
                        return _sql(taken, name), end, name
                    continue
                if not taken:
                    return _meta_command(text, start, name)
                if re.compile(_SENDS).match(text, start):
                    return _sql(taken, name), start, name
        elif kind == WORD and not parentheses:
            block += _block_step(text, taken, token, block)
        taken.append(token)
    return (_sql(taken, name) if taken else None), len(text), name


def _sql(taken: list[Token], name: str) -> _Piece:
    return _Piece(kind=Kind.SQL, start=taken[0].start, end=taken[-1].end, name=name, tokens=tuple(taken))


def _block_step(text: str, before: list[Token], word: Token, block: int) -> int:
    """By how much a word opens or closes the BEGIN ATOMIC body of a function: CASE in it ends with END as well."""
    if word.end - word.start not in (3, 4, 6):
        return 0
    folded = fold(text[word.start : word.end])
    if not block:
        return int(folded == "atomic" and _words(text, before[-1:]) == ["begin"] and _defines_routine(text, before))
    if folded not in ("case", "end") or _is_a_name_here(text, before[-1]):
        return 0
    return 1 if folded == "case" else -1


def _is_a_name_here(text: str, before: Token) -> bool:
    return text[before.start : before.end].lower() in (".", "as")


def _defines_routine(text: str, taken: list[Token]) -> bool:
    words = _words(text, taken[:4])
    if words[:3] == ["create", "or", "replace"]:
        del words[1:3]
    return words[:1] == ["create"] and words[1:2] in (["function"], ["procedure"])


def _words(text: str, some: Iterable[Token]) -> list[str]:
    return [fold(text[token.start : token.end]) if token.kind == WORD else "" for token in some]


def _meta_command(text: str, start: int, name: str) -> tuple[_Piece, int, str]:
    end = re.compile(_META_COMMAND).match(text, start).end()
    after = end + 2 if text.startswith("\\\\", end) else end
    end = start + len(text[start:end].rstrip())
    return _Piece(kind=Kind.META_COMMAND, start=start, end=end), after, name


def _reads_data(text: str, piece: _Piece) -> bool:
    """Whether a piece is COPY … FROM STDIN, or psql's \\copy, whose rows follow it in the file."""
    if piece.kind is Kind.META_COMMAND:
        return bool(re.compile(_COPIES_IN).match(text, piece.start, piece.end))
    if _words(text, piece.tokens[:1]) != ["copy"]:
        return False
    depth, before = 0, ""
    for token, word in zip(piece.tokens, _words(text, piece.tokens)):
        if token.kind == PUNCTUATION:
            depth += {"(": 1, ")": -1}.get(text[token.start], 0)
        if not depth and before == "from" and word in ("stdin", "stdout"):
            return True
        before = word
    return False


def _copy_data(text: str, position: int) -> tuple[_Piece | None, int]:
    """The rows behind a COPY, down to a line that is \\. or to the end of the text."""
    position = found.end() if (found := re.compile(_REST_OF_LINE).match(text, position)) else position
    closing = re.compile(_END_OF_COPY).search(text, position)
    end = closing.start() + 2 if closing else len(text.rstrip())
    start = position
    while start < end and text[start] in " \t\r\n\f\v":
        start += 1
    return (_Piece(kind=Kind.COPY_DATA, start=start, end=end) if start < end else None), max(end, position)
