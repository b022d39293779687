"""What the text of a statement says, without a server."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dbaudit.facts.statement import Statement
from dbaudit.finding import Span


class Category(StrEnum):
    """What a statement is for."""

    SELECT = "select"
    DML = "data modification"
    DDL = "definition"
    OTHER = "utility"


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectStar:
    """`*` or `t.*` in a SELECT or RETURNING list, as it is written, and the relations it takes all columns of."""

    text: str
    span: Span
    relations: tuple[str, ...]


class Sight(StrEnum):
    """What can be seen in the text of a query. None of these is a fault by itself: the checks decide."""

    NO_WHERE = "UPDATE or DELETE without WHERE"
    LEADING_WILDCARD = "LIKE pattern that begins with %"
    FUNCTION_ON_COLUMN = "function of a column compared with a constant"
    CAST_OF_COLUMN = "cast of a column compared with a constant"
    ARITHMETIC_ON_COLUMN = "arithmetic on a column compared with a constant"
    NOT_IN_SUBQUERY = "NOT IN (SELECT …)"
    OFFSET = "OFFSET"
    ORDER_BY_RANDOM = "ORDER BY random()"
    LIMIT_WITHOUT_ORDER = "LIMIT without ORDER BY"
    UNION_NOT_COMPARED = "UNION whose duplicates nobody sees"
    UNION_OF_CONSTANTS = "UNION whose branches differ in a constant"
    DISTINCT_OVER_JOIN = "DISTINCT over a join whose list reads one side"
    CARTESIAN = "relations that nothing links"
    EQUALS_NULL = "comparison with NULL"
    NO_COLUMN_LIST = "INSERT without columns"
    IN_LIST = "IN (…) of values"
    COUNT_FOR_EXISTENCE = "count(*) compared with zero"
    SINGLE_ROW_INSERT = "INSERT of one row of values"
    OR_IN_FILTER = "OR over columns in a filter"
    OR_IN_JOIN = "OR over columns in a join condition"
    UNUSED_CTE = "WITH query that nothing reads"


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A relation, as it is written, and columns of it, as PostgreSQL knows them; it is empty where the text does not tell."""

    relation: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """Something seen in a statement, as it is written (`text`, on one line) and where.

    `names` are what it is about, as it is written: (command, relation) for NO_WHERE; (column, relation) for a pattern, a
    function, a cast and arithmetic, the relation empty where the text does not tell; (item, column, relation) of the
    subquery for NOT_IN_SUBQUERY; (relation, columns, number of values) for SINGLE_ROW_INSERT; the relations that are not
    linked; the columns under OR; EXISTS or NOT EXISTS for a count; the relation or query for the others. `number` is what its kind counts:
    the rows of a constant OFFSET, the values of an IN list; None where a parameter decides.

    `reads` is what a schema may decide about it: the column of a pattern, a function, a cast, arithmetic and a subquery
    under NOT IN; the columns under OR; the columns that each branch of a UNION of constants lists; of DISTINCT over a join
    the columns listed, then of each other relation those that must equal something; the relation of NO_COLUMN_LIST.
    """

    sight: Sight
    text: str
    span: Span
    names: tuple[str, ...] = ()
    number: int | None = None
    reads: tuple[Read, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementText:
    """A statement and what was read in it.

    Where `is_read` is false nothing is known about it, and `reason` says why. `select_stars` are in the order of the
    text, without those that only reach what the statement itself names column by column, and those under EXISTS.
    `sightings` are in the order of the text; `unseen` says why there are none where its queries are not understood.
    `has_unread_body` says that it holds code that is not looked into: a routine in another language than SQL, or DO.
    """

    statement: Statement
    category: Category
    is_read: bool
    reason: str = ""
    select_stars: tuple[SelectStar, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    unseen: str = ""
    has_unread_body: bool = False
