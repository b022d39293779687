"""The engine asks what can be asked, and says what could not be."""

import dataclasses
from pathlib import Path

import pytest

import dbaudit.checks
from dbaudit.checks.registry import FOLDERS, Check, all_checks, choose
from dbaudit.engine import audit
from dbaudit.errors import AuditError
from dbaudit.exits import Exit, of_report
from dbaudit.facts import Facts, Missing
from dbaudit.finding import Finding, Severity, Subject, Unknown


@dataclasses.dataclass(frozen=True)
class Door:
    name: str
    is_open: bool | None


def look(facts):
    for door in facts[Door]:
        subject = Subject(kind="door", name=door.name)
        if door.is_open is None:
            yield Unknown(reason="it is dark", remedy="bring a lamp", subject=subject)
        elif door.is_open:
            yield Finding(code="TST001", subject=subject, message="it is open", severity=Severity.WARNING)


OPEN_DOOR = Check(
    code="TST001", name="open-door", severity=Severity.WARNING, needs=(Door,), options=None, run=look, manual="A door."
)


def report(*doors, **more):
    return audit(command="doors", facts=Facts.of(*doors, empty=[Door]), checks=[OPEN_DOOR], **more)


def test_missing_facts_skip_a_check_with_the_reason_and_never_pass_it():
    facts = Facts({Door: Missing(reason="no permission to look", remedy="ask the porter")})
    result = audit(command="doors", facts=facts, checks=[OPEN_DOOR])
    assert result.checks_run == ()
    assert [(skip.code, skip.reason, skip.remedy) for skip in result.skipped] == [
        ("TST001", "no permission to look", "ask the porter")
    ]


def test_facts_that_nobody_collected_are_missing_too():
    assert audit(command="doors", facts=Facts(), checks=[OPEN_DOOR]).skipped[0].reason == "Door was not collected"


def test_what_a_check_cannot_tell_is_skipped_and_what_it_can_is_found():
    result = report(Door("front", None), Door("back", True))
    assert [finding.subject.name for finding in result.findings] == ["back"]
    assert [skip.reason for skip in result.skipped] == ["front: it is dark"]


@pytest.mark.parametrize(
    ("doors", "more", "options", "expected"),
    [
        ([], {}, {}, Exit.CLEAN),
        ([Door("a", True)], {}, {}, Exit.FINDINGS),
        ([Door("a", True)], {}, {"fail_on": Severity.ERROR}, Exit.CLEAN),
        ([Door("a", True)], {}, {"exit_zero": True}, Exit.CLEAN),
        ([Door("a", True)], {"failure": "gone"}, {"exit_zero": True}, Exit.FAILED),
        ([Door("a", True)], {"interrupted": True, "failure": "gone"}, {}, Exit.INTERRUPTED),
    ],
)
def test_exit_codes(doors, more, options, expected):
    assert of_report(report(*doors, **more), **({"fail_on": Severity.WARNING} | options)) is expected


def test_an_audit_in_which_no_check_could_be_asked_is_not_clean():
    result = audit(command="doors", facts=Facts(), checks=[OPEN_DOOR])
    assert of_report(result, fail_on=Severity.WARNING) is Exit.FAILED


def test_codes_and_names_are_unique_and_well_formed():
    checks = all_checks()
    assert len({check.name for check in checks}) == len(checks)
    for check in checks:
        assert check.family in FOLDERS and check.code[3:].isdigit()
        assert check.name == check.name.lower() and " " not in check.name


def test_the_checks_of_a_folder_are_its_family_and_no_folder_is_forgotten():
    assert [check for family in sorted(FOLDERS) for check in all_checks(family)] == list(all_checks())
    for family in FOLDERS:
        assert {check.family for check in all_checks(family)} == {family}
    folders = {path.name for path in Path(dbaudit.checks.__path__[0]).iterdir() if (path / "__init__.py").exists()}
    assert folders == set(FOLDERS.values())


def test_a_term_may_be_a_code_the_start_of_one_or_a_name():
    assert choose([OPEN_DOOR], select=()) == (OPEN_DOOR,)
    codes = [check.code for check in choose(all_checks(), select=["IDX", "select-star"], ignore=["IDX00"])]
    assert codes == ["SQL001"]


def test_a_term_that_means_nothing_is_an_error():
    with pytest.raises(AuditError, match="no check is called 'IDX9'"):
        choose(all_checks(), select=["IDX9"])
