"""The server that is audited, and who we are on it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One row. `host` is what was dialled (a socket's directory for a local one), never the whole DSN.

    `statistics_age_s` is how long the cumulative statistics of this database are known to have been counting, in
    seconds, at the least: since pg_stat_database.stats_reset, which 14 sets when the counters start and 15 and later
    only when somebody resets them; where it is NULL, since the oldest time of a vacuum, an analyze or (16+) a scan that
    they still remember. A crash discards all of it. None where the server does not say. `reads_all_statistics` is membership in
    pg_read_all_stats: without it other roles' sessions are masked.
    """

    version_num: int
    version: str
    database: str
    user: str
    host: str
    port: int
    is_superuser: bool
    reads_all_statistics: bool
    in_recovery: bool
    uptime_s: float
    statistics_age_s: float | None

    @property
    def major(self) -> int:
        return self.version_num // 10000

    def __str__(self) -> str:
        host = f"[{self.host}]" if self.host.startswith("/") else self.host
        return f"{self.user}@{host}:{self.port}/{self.database}"
