"""A finding's identity is made of names, never of figures or wording."""

import dataclasses

from dbaudit.finding import Finding, Severity, Span, Subject

FINDING = Finding(
    code="IDX001",
    subject=Subject(kind="constraint", name="public.orders.orders_customer_fk"),
    message="no index serves it",
    severity=Severity.WARNING,
    evidence={"size_bytes": 8192},
)


def test_a_fingerprint_survives_size_wording_place_and_severity():
    changed = dataclasses.replace(
        FINDING,
        message="reworded",
        severity=Severity.ERROR,
        evidence={"size_bytes": 1},
        span=Span(path="other.sql", line=9, column=1, end_line=9, end_column=2),
    )
    assert changed.fingerprint == FINDING.fingerprint


def test_a_fingerprint_tells_apart_subjects_columns_and_discriminators():
    column = dataclasses.replace(FINDING, subject=dataclasses.replace(FINDING.subject, column="a"))
    discriminated = dataclasses.replace(FINDING, discriminator="a")
    other_check = dataclasses.replace(FINDING, code="IDX002")
    assert len({finding.fingerprint for finding in (FINDING, column, discriminated, other_check)}) == 4
