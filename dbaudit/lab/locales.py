"""What ICU calls the locales of the C library, for a lab whose machine has not those of the source's."""

from __future__ import annotations

import re

_LANGUAGE = re.compile(r"([a-z]{2,3})_([A-Z]{2})(?=$|[.@])")


def in_icu(locale: str) -> str:
    """ICU's name for the order that glibc gives the texts of a locale, such as en_US.UTF-8; empty where that is the order
    of code points, or the name is none of glibc's.

    As in glibc, punctuation and spaces decide only between texts that are else the same. A few pairs of texts may differ.
    """
    found = _LANGUAGE.match(locale)
    return f"{found[1]}-{found[2]}-u-ka-shifted-ks-level4" if found else ""
