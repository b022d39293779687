"""The C library's names of locales as ICU's."""

import pytest

from dbaudit.lab.locales import in_icu


@pytest.mark.parametrize("name", ["en_US.UTF-8", "en_US.utf8", "en_US", "en_US@euro"])
def test_a_language_is_found(name):
    assert in_icu(name) == "en-US-u-ka-shifted-ks-level4"


@pytest.mark.parametrize("name", ["C", "POSIX", "C.UTF-8", "C_US", "English_United States.1252", "en-US-x-icu", "", "en_US'; drop"])
def test_what_is_no_language_has_no_name(name):
    assert in_icu(name) == ""
