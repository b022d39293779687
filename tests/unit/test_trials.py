"""What becomes of a report when its fixes are tried: in whole, and when something ends it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbaudit.cli.proofs import with_proofs
from dbaudit.engine import Report
from dbaudit.errors import ServerGone
from dbaudit.facts import Facts
from dbaudit.finding import Finding, Fix, Proof, Severity, Subject


def finding(name: str, *titles: str) -> Finding:
    return Finding(
        code="XXX001", subject=Subject(kind="statement", name=name), message="", severity=Severity.WARNING,
        fixes=tuple(Fix(title=title) for title in titles),
    )  # fmt: skip


def proof(after: float) -> Proof:
    return Proof(method="cost", before=100.0, after=after, server="PostgreSQL 18")


def report(*findings: Finding) -> Report:
    return Report(command="explain", facts=Facts(), checks_run=(), findings=findings)


def by_title(finding: Finding, fix: Fix) -> Fix | None:
    return replace(fix, proof=proof(float(fix.title))) if fix.title.isdigit() else None


def test_each_fix_is_tried_and_the_finding_has_the_proof_of_its_first():
    helps, fails, words = with_proofs(report(finding("a", "50", "40"), finding("b", "100"), finding("c", "x")), by_title).findings
    assert (helps.proof, [fix.proof for fix in helps.fixes]) == (proof(50.0), [proof(50.0), proof(40.0)])
    assert (fails.proof, fails.fixes[0].proof) == (None, proof(100.0))
    assert words == finding("c", "x")


def test_a_fix_is_for_the_first_trial_that_takes_it():
    def all_fixes(finding: Finding, fix: Fix) -> Fix:
        return replace(fix, proof=proof(1.0))

    (found,) = with_proofs(report(finding("a", "50", "x")), by_title, all_fixes).findings
    assert [fix.proof.after for fix in found.fixes] == [50.0, 1.0]


@pytest.mark.parametrize("ending", [ServerGone("the server went away"), KeyboardInterrupt()])
def test_what_ends_the_trials_leaves_the_rest_unproven(ending):
    def trial(finding: Finding, fix: Fix) -> Fix | None:
        if fix.title == "end":
            raise ending
        return by_title(finding, fix)

    whole = with_proofs(report(finding("a", "50"), finding("b", "end"), finding("c", "50")), trial)
    assert [found.subject.name for found in whole.findings] == ["a", "b", "c"]
    assert [bool(found.proof) for found in whole.findings] == [True, False, False]
    assert (whole.failure, whole.interrupted) in [("the server went away", False), ("", True)]


def test_what_is_no_hundredth_better_does_not_help():
    assert not proof(99.5).helps and proof(98.0).helps and not Proof(method="cost", before=0, after=0, server="").helps


def test_a_time_has_to_be_a_tenth_better():
    def measured(after: float) -> Proof:
        return Proof(method="measured", before=100.0, after=after, server="")

    assert not measured(91.0).helps and measured(89.0).helps
