"""What we say of schemas that others wrote. The lists were checked by hand against the schemas' own DDL."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbaudit.checks.registry import all_checks
from dbaudit.finding import Finding
from dbaudit.sources.postgres.collect import collect

SCHEMAS = Path(__file__).parents[2] / "fixtures" / "realworld"
CODES = ("IDX001", "IDX002", "IDX003", "IDX005", "TBL001")

PAGILA = {
    "IDX001": [
        "film_category category_id",  # film_category_pkey is (film_id, category_id)
        "inventory film_id",  # idx_store_id_film_id is (store_id, film_id)
        *(f"payment_p2022_0{month} rental_id" for month in range(1, 7)),  # not declared on the parent
        "rental customer_id",  # third key of idx_unq_rental_rental_date_inventory_id_customer_id
        "rental staff_id",
        "staff address_id",
        "staff store_id",
        "store address_id",
    ],
    # Beside the parts of payment's own index on customer_id, which stay.
    "IDX002": [f"idx_fk_payment_p2022_0{month}_customer_id" for month in range(1, 7)],
}
CRATES_IO = {
    "IDX001": [
        "api_tokens user_id",
        "crate_owner_invitations crate_id",  # crate_owner_invitations_pkey is (invited_user_id, crate_id)
        "crate_owner_invitations invited_by_user_id",
        "crate_owners created_by",
        "deleted_crates deleted_by",
        "follows crate_id",  # follows_pkey is (user_id, crate_id)
        "trustpub_configs_github crate_id",
        "trustpub_configs_gitlab crate_id",
        "version_owner_actions api_token_id",
        "version_owner_actions user_id",
        "versions published_by",
    ],
    "IDX002": ["index_keywords_keyword"],  # keywords_keyword_key is UNIQUE (keyword)
    "IDX003": [
        "index_crates_categories_crate_id",  # crates_categories_pkey is (crate_id, category_id)
        "index_crates_keywords_crate_id",  # crates_keywords_pkey is (crate_id, keyword_id)
        "index_dependencies_crate_id",  # dependencies_crate_id_version_id_idx is (crate_id, version_id)
    ],
}


@pytest.mark.parametrize(("name", "expected"), [("pagila", PAGILA), ("crates_io", CRATES_IO)], ids=["pagila", "crates.io"])
def test_a_real_schema_has_exactly_these_faults_and_their_fixes_mend_them(database, name, expected):
    database.run((SCHEMAS / f"{name}.sql").read_text())
    database.run("set search_path to default")
    checks = [check for check in all_checks() if check.code in CODES]
    findings = audit(database, checks)
    assert subjects(findings) == {code: sorted(names) for code, names in expected.items()}
    for finding in findings:
        database.run(*finding.fixes[0].statements)
    assert audit(database, checks) == []


def audit(database, checks) -> list[Finding]:
    session = database.session()
    facts = collect(session, {kind for check in checks for kind in check.needs})
    session.close()
    verdicts = [verdict for check in checks for verdict in check.verdicts(facts)]
    assert all(isinstance(verdict, Finding) for verdict in verdicts)
    return verdicts


def subjects(findings: list[Finding]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for finding in findings:
        name = f"{finding.subject.name.removeprefix('public.')} {finding.subject.column}".rstrip()
        found.setdefault(finding.code, []).append(name)
    return {code: sorted(names) for code, names in found.items()}
