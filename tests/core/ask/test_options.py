"""Options: TOML files and metadata, merged field by field, wrong ones named."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from shared.core import limits
from shared.core.ask.option_rows import AMOUNT
from shared.core.ask.options import Options, effective
from shared.core.ask.options_file import (
    is_options_file,
    options_files,
    parse_budget,
    parse_metadata,
    parse_options_file,
)
from shared.core.errors import OptionsInvalid

DEFAULTS = Options(prompt="Describe.", model="eyes", detail="high", max_output_tokens=1000)


def test_options_files_nearest_first():
    """Every folder up to the root may hold options; the nearest comes first."""
    assert options_files("a/b/c.jpg") == ("a/b/_vision.toml", "a/_vision.toml", "_vision.toml")
    assert options_files("c.jpg") == ("_vision.toml",)


def test_options_files_are_not_uploads():
    """Only the exact name counts."""
    assert [is_options_file(n) for n in ("_vision.toml", "a/_vision.toml", "my_vision.toml")] == [True, True, False]


def test_the_strongest_layer_wins_field_by_field():
    """Metadata over the near file over the far file over the defaults."""
    near, far = {"prompt": "near", "detail": "low"}, {"prompt": "far", "ocr": True}

    merged = effective([{"prompt": "own"}, near, far], defaults=DEFAULTS)

    assert (merged.prompt, merged.detail, merged.ocr, merged.max_output_tokens) == ("own", "low", True, 1000)


GOOD_TOML = [
    (b'prompt = " What is it? "', {"prompt": "What is it?"}),
    (b'detail = "original"\nmax_output_tokens = 50', {"detail": "original", "max_output_tokens": 50}),
    (b'[schema]\ntype = "object"', {"schema": {"type": "object"}}),
    (b'schema = "forms/invoice.json"', {"schema": "forms/invoice.json"}),
    (b"reuse = false\nframes = 20", {"reuse": False, "frames": 20}),
    ("prompt = 'Was ist das? ✓'".encode(), {"prompt": "Was ist das? ✓"}),
    (b"", {}),
]


@pytest.mark.parametrize(("text", "fields"), GOOD_TOML)
def test_toml_is_read(text, fields):
    """Every option has its TOML form."""
    assert fields == parse_options_file(text, where="_vision.toml")


BAD_TOML = [
    (b"prompt =", "_vision.toml"),
    (b"\xff\xfe", "_vision.toml"),
    (b"promt = 'x'", "promt"),
    (b"prompt = 5", "prompt"),
    (b"prompt = ''", "prompt"),
    (b"detail = 'medium'", "detail"),
    (b"max_output_tokens = 0", "max_output_tokens"),
    (b"max_output_tokens = true", "max_output_tokens"),
    (b"ocr = 'yes'", "ocr"),
    (b"video = 'magic'", "video"),
    (b"frames = 5000", "frames"),
    (b"schema = []", "schema"),
    (b"x = " + b"[" * 7000 + b"]" * 7000, "_vision.toml"),
    (b"a." * 40 + b"b = 1", "_vision.toml"),
    (b"frames = 0x" + b"f" * 5000, "frames"),
    (b"#" * (limits.OPTIONS_FILE_BYTES.value + 1), "_vision.toml"),
]


@pytest.mark.parametrize(("text", "field"), BAD_TOML, ids=range(len(BAD_TOML)))
def test_wrong_toml_names_the_field(text, field):
    """What is wrong, where it stands, and what to give instead."""
    with pytest.raises(OptionsInvalid) as caught:
        parse_options_file(text, where="_vision.toml")

    assert field == caught.value.field
    assert "_vision.toml" in caught.value.message


METADATA = [
    ({"detail": "low"}, {"detail": "low"}),
    ({"Detail": " low "}, {"detail": "low"}),
    ({"ocr": "true", "reuse": "0"}, {"ocr": True, "reuse": False}),
    ({"max_output_tokens": "77", "frames": "5"}, {"max_output_tokens": 77, "frames": 5}),
    ({"camera": "somebody else's"}, {}),
    (
        {"camera_id": "yard", "recorded_at": "2026-01-31T08:00Z"},
        {"camera_id": "yard", "recorded_at": "2026-01-31T08:00Z"},
    ),
]


@pytest.mark.parametrize(("metadata", "fields"), METADATA)
def test_metadata_is_text(metadata, fields):
    """Blob metadata becomes typed options; names that are none of ours are left alone."""
    assert fields == parse_metadata(metadata, where="metadata of a.jpg")


@pytest.mark.parametrize(
    "metadata", [{"ocr": "maybe"}, {"frames": "ten"}, {"detail": ""}, {"frames": "²"}, {"recorded_at": "2026-01-31"}]
)
def test_wrong_metadata_names_the_field(metadata):
    """A wrong value is refused, not ignored."""
    with pytest.raises(OptionsInvalid) as caught:
        parse_metadata(metadata, where="metadata of a.jpg")

    assert [caught.value.field] == list(metadata)


BUDGETS = [
    (b"prompt = 'x'", None),
    (b"daily_budget_usd = 2.50", Decimal("2.50")),
    (b"daily_budget_usd = 0", Decimal(0)),
    (b"daily_budget_usd = 0.000000001", Decimal("0.000000001")),
]


@pytest.mark.parametrize(("text", "usd"), BUDGETS)
def test_a_folder_s_budget_is_exact(text, usd):
    """Read as a decimal, never as a binary fraction; it is no option of a job."""
    assert parse_budget(text, where="_vision.toml") == usd
    assert "daily_budget_usd" not in parse_options_file(text, where="_vision.toml")


@pytest.mark.parametrize("usd", ["-1", "nan", "inf", "-inf", "true", "'5'", "1e12", "9" * 400, "1e999999999", "[5]"])
def test_a_wrong_budget_is_named(usd):
    """Money is never guessed."""
    with pytest.raises(OptionsInvalid) as caught:
        parse_budget(f"daily_budget_usd = {usd}".encode(), where="_vision.toml")

    assert caught.value.field == "daily_budget_usd"


NUMBERS = [  # nothing can hold them: the file is wrong, whichever option it is
    "daily_budget_usd = 1e99999999999999999999",
    "schema = {minimum = 1e99999999999999999999}",
]


@pytest.mark.parametrize("line", NUMBERS)
@pytest.mark.parametrize("parse", [parse_options_file, parse_budget])
def test_numbers_beyond_all_bounds_are_wrong(parse, line):
    """Refused by name, for whoever reads the file."""
    with pytest.raises(OptionsInvalid) as caught:
        parse(line.encode(), where="_vision.toml")

    assert caught.value.field == "_vision.toml"


def test_a_schema_s_numbers_are_those_of_json():
    """Only amounts of money are decimals."""
    fields = parse_options_file(b'[schema]\ntype = "number"\nminimum = 0.5\nenum = [1, 2.5]', where="_vision.toml")

    assert json.dumps(fields["schema"]) == '{"type": "number", "minimum": 0.5, "enum": [1, 2.5]}'


AMOUNTS = [("2.50", Decimal("2.50")), (2.5, Decimal("2.5")), (2, Decimal(2)), (Decimal("0.000000001"), Decimal("1E-9"))]


@pytest.mark.parametrize(("given", "usd"), AMOUNTS)
def test_money_is_read_the_same_from_everywhere(given, usd):
    """Metadata has texts, JSON floats, TOML decimals."""
    value = AMOUNT.from_text(given) if isinstance(given, str) else given

    assert AMOUNT.check(value)
    assert AMOUNT.keep(value) == usd


@pytest.mark.parametrize("text", ["much", "1e99999999999999999999", "nan", "-1"])
def test_a_text_that_is_no_amount_is_refused(text):
    """What does not convert is left for the check."""
    assert not AMOUNT.check(AMOUNT.from_text(text))


def test_a_prompt_is_never_in_the_message():
    """Even a prompt that is refused stays out of errors and so out of logs."""
    with pytest.raises(OptionsInvalid) as caught:
        parse_options_file(b"prompt = '" + b"my private story " * 600 + b"'", where="_vision.toml")

    assert "private" not in caught.value.message
