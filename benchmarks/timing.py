"""Times whole commands in turn, so that a machine that gets slower is slower for both."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Median wall seconds of ours and of the peer, the median of the pairwise ratios, our peak memory in bytes."""

    ours_s: float
    peer_s: float
    ratio: float
    peak_bytes: int


def compare(
    ours: Sequence[str],
    peer: Sequence[str],
    *,
    runs: int = 9,
    environment: Mapping[str, str] | None = None,
    peer_codes: Sequence[int] = (0,),
) -> Comparison:
    """Runs both commands in turn after a warm-up of each, which leaves the bytecode that an installed program has.

    Raises where ours ends other than by exit 0 or 1.
    """
    pairs = []
    peak = 0
    for number in range(runs + 1):
        our_s, memory, code = _run(ours, environment)
        if code not in (0, 1):
            raise RuntimeError(f"{' '.join(ours)} ended with {code}")
        peer_s, _, peer_code = _run(peer, environment)
        if peer_code not in peer_codes:
            raise RuntimeError(f"{' '.join(peer)} ended with {peer_code}")
        if number:
            pairs.append((our_s, peer_s))
            peak = max(peak, memory)
    return Comparison(
        ours_s=statistics.median(ours_s for ours_s, _ in pairs),
        peer_s=statistics.median(peer_s for _, peer_s in pairs),
        ratio=statistics.median(ours_s / peer_s for ours_s, peer_s in pairs),
        peak_bytes=peak,
    )


def _run(command: Sequence[str], environment: Mapping[str, str] | None) -> tuple[float, int, int]:
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**inherited, **(environment or {})},
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return time.perf_counter() - started, usage.ru_maxrss * 1024, process.returncode
