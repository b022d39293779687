"""Trying the fixes that findings propose: what each costs before and after, and on which server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from dbaudit.finding import Finding, Fix

# The fix as the trial leaves it: with its proof, or without what turned out to be impossible. None where the trial is
# not for this kind of fix. May raise ServerGone.
Trial = Callable[[Finding, Fix], Fix | None]


def proven(findings: Iterable[Finding], trials: Sequence[Trial]) -> Iterator[Finding]:
    """The findings, in order, each as soon as its fixes are tried, each fix by the first trial that is for it.

    Raises what a trial raises; what came before it has been yielded then.
    """
    for finding in findings:
        fixes = tuple(_tried(finding, fix, trials) for fix in finding.fixes)
        if fixes == finding.fixes:
            yield finding
        else:
            proof = fixes[0].proof
            yield replace(finding, fixes=fixes, proof=proof if proof and proof.helps else finding.proof)


def _tried(finding: Finding, fix: Fix, trials: Sequence[Trial]) -> Fix:
    return next((tried for trial in trials if (tried := trial(finding, fix))), fix)
