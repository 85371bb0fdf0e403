"""Names that every way back to the blob carries unchanged."""

from __future__ import annotations

import re

import pytest

from shared.core.errors import OptionsInvalid
from shared.core.jobs.upload_name import check_upload_name

GOOD = [
    "a",
    "a.jpg",
    "holiday/ä b#1?.jpg",
    "50%25.jpg",
    "...a",
    "a..b/c",
    "'\"&+",
    "猫/😀.png",
    "x" * 1024,
    "_vision.toml",
    "a/" * 253 + "b",
]
BAD = [
    "",
    "/a",
    "a/",
    "a//b",
    ".",
    "..",
    "a/../b",
    "./a",
    "a/.",
    "a.",
    "a\\b",
    "a\nb",
    "a\x7fb",
    "a\x85b",
    "\ud800",
    "\uffff",
]


@pytest.mark.parametrize("name", GOOD)
def test_good_names(name):
    """What people and cameras call their files."""
    check_upload_name(name)


@pytest.mark.parametrize("name", [*BAD, "x" * 1025, "a/" * 254 + "b"])
def test_bad_names(name):
    """Each is refused by the field's name."""
    with pytest.raises(OptionsInvalid) as refused:
        check_upload_name(name)

    assert refused.value.field == "name"


SHOWN = [
    ("", "''"),
    ("a" * 99 + ".", repr("a" * 99 + ".")),
    ("a" * 100 + ".", "of 101 characters"),
    ("a\nb", "of 3 characters"),
]


@pytest.mark.parametrize(("name", "shown"), SHOWN, ids=len)
def test_the_error_shows_a_name_that_can_be_shown(name, shown):
    """Up to 100 characters, all of them printable."""
    with pytest.raises(OptionsInvalid, match=re.escape(f"the name {shown} ")):
        check_upload_name(name)
