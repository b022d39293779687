"""The report as metrics, for node_exporter's textfile collector or for any reader of OpenMetrics.

Everything is a gauge: gauges are written alike in OpenMetrics 1.0 and in the older text format that the textfile
collector reads, which takes neither the time of a sample nor the newer types, and reads `# EOF` as a comment.
Source: the specification of OpenMetrics, and Prometheus' "Exposition formats". It is a few lines, and no library's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from dbaudit.engine import Report
from dbaudit.facts import Facts
from dbaudit.facts.activity import ConnectionLimit, Slots
from dbaudit.facts.concurrency import PoolSize, pool_size
from dbaudit.facts.sessions import ConnectCost, DatabaseSessions, SessionGroup, SessionLook
from dbaudit.finding import Severity
from dbaudit.report.summary import check_names
from dbaudit.report.text import clean

_STATES = ("active", "waiting", "in_transaction", "idle", "masked")
Sample = tuple[dict[str, str], float]
Family = tuple[str, str, Iterable[Sample]]


def render(report: Report, *, exit_code: int) -> str:
    """Metric families with help, type and samples, those without a sample left out, and the end marker."""
    families = (*_audit(report, exit_code), *_slots(report.facts), *_sessions(report.facts), *_measured(report.facts))
    return "".join(line for family in families for line in _lines(*family)) + "# EOF\n"


def _lines(name: str, text: str, samples: Iterable[Sample]) -> Iterator[str]:
    rows = list(samples)
    if rows:
        yield f"# HELP dbaudit_{name} {text}\n# TYPE dbaudit_{name} gauge\n"
    for labels, value in rows:
        pairs = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        yield f"dbaudit_{name}{f'{{{pairs}}}' if pairs else ''} {value:.12g}\n"


def _escaped(text: str) -> str:
    return clean(text).replace("\\", r"\\").replace('"', r"\"")


def _audit(report: Report, exit_code: int) -> Iterator[Family]:
    names = check_names(report)
    severities = Counter(finding.severity for finding in report.findings)
    codes = Counter(finding.code for finding in report.findings)
    command = {"command": report.command}
    yield "exit_code", "Exit code of the audit: 0 clean, 1 findings, 2 not finished.", [(command, exit_code)]
    yield "findings", "Findings by severity.", [({**command, "severity": str(s)}, severities[s]) for s in Severity]
    yield "check_findings", "Findings of each check that was asked.", [
        ({**command, "code": code, "check": name}, codes[code]) for code, name in names.items()
    ]
    skipped = len({skip.code for skip in report.skipped})
    yield "skipped_checks", "Checks that could not be asked, in whole or in part.", [(command, skipped)]


def _slots(facts: Facts) -> Iterator[Family]:
    for slots in facts.get(Slots):
        kinds = {"used": slots.used, "free": slots.free, "reserved": slots.reserved}
        yield "connection_slots", "Connection slots of the server.", [({"kind": k}, n) for k, n in kinds.items()]
        yield "connection_slots_max", "The setting max_connections.", [({}, slots.max_connections)]
        yield "connection_slots_peak", "The most slots used at one look.", [({}, max(slots.samples))]
    limits = facts.get(ConnectionLimit)
    yield "connection_limit", "CONNECTION LIMIT of a database or role.", [
        ({"kind": limit.kind, "name": limit.name}, limit.limit) for limit in limits
    ]
    yield "connection_limit_used", "Connections that count against that limit.", [
        ({"kind": limit.kind, "name": limit.name}, limit.samples[-1]) for limit in limits
    ]


def _sessions(facts: Facts) -> Iterator[Family]:
    looks = facts.get(SessionLook)
    if looks:
        yield "sessions", "Client sessions by what they did at the last look; the audit's own is not counted.", [
            ({"state": state}, getattr(looks[-1], state)) for state in _STATES
        ]
        yield "sessions_peak", "The most of each at one look.", [
            ({"state": state}, max(getattr(look, state) for look in looks)) for state in _STATES
        ]
        yield "window_seconds", "Seconds between the first look and the last.", [({}, looks[-1].at_s)]
    groups = facts.get(SessionGroup)
    yield "group_sessions", "Sessions of a role and application in a database at the last look.", [
        (_labels(group), group.sessions[-1]) for group in groups
    ]
    yield "group_in_use_peak", "The most of them in use at one look.", [
        (_labels(group), max(group.in_use)) for group in groups
    ]


def _measured(facts: Facts) -> Iterator[Family]:
    counted = [row for row in facts.get(DatabaseSessions) if row.window_s and not row.has_restarted]
    yield "sessions_opened_per_second", "Connections opened within the window, a second.", [
        ({"database": row.database}, row.sessions / row.window_s) for row in counted
    ]
    yield "transactions_per_second", "Transactions ended within the window, a second.", [
        ({"database": row.database}, row.transactions / row.window_s) for row in counted
    ]
    size = pool_size(facts)
    if isinstance(size, PoolSize):
        yield "pool_recommended", "Connections that would have been enough for all.", [({}, size.recommended)]
    for cost in facts.get(ConnectCost):
        parts = {"tcp": cost.tcp_ms, "tls": cost.tls_ms, "login": cost.login_ms}
        yield "connect_seconds", "What a new connection takes, by part; the median.", [
            ({"part": part}, value / 1000) for part, value in parts.items()
        ]
        yield "kept_query_seconds", "What a query on a kept connection takes; the median.", [({}, cost.query_ms / 1000)]


def _labels(group: SessionGroup) -> dict[str, str]:
    return {"database": group.database, "role": group.user, "application": group.application}
