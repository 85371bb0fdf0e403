"""Every place that has a row for each kind of file has one for this kind: a forgotten one is a KeyError at a user's."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from PIL import Image

from shared.adapters.pixels.readers import READERS, register
from shared.core.media.kinds import BRANDS, KINDS, MAGICS, RIFF_FORMS
from shared.http.files import SHOWN

DOCS = (Path(__file__).parents[3] / "docs" / "images.md").read_text()
FORMATS = DOCS.partition("## Formats")[2].partition("\n## ")[0]
PICTURES = [kind for kind in KINDS.values() if kind.kind == "image"]


def test_every_kind_of_picture_has_its_reader():
    """And no reader is for nothing."""
    assert set(READERS) == {kind.format for kind in PICTURES}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_every_reader_is_one_of_pillow_or_ours(reader):
    """Named as Pillow names it, in the module where it is; those without a module are registered by hand or ours."""
    if reader.plugin:
        import_module(f"PIL.{reader.plugin}")
    if reader.plugin or reader.pillow == "HEIF":
        register(reader)
        assert reader.pillow in Image.OPEN
    else:
        assert reader.pillow in {"PSD", "PDF"}


def test_every_first_bytes_lead_to_a_kind():
    """Magic numbers, brands and RIFF forms."""
    assert {name for *_, name in MAGICS} | set(BRANDS.values()) | set(RIFF_FORMS.values()) <= set(KINDS)


def test_what_a_browser_shows_is_a_kind():
    """By its media type, as files are served with it."""
    assert {kind.media_type for kind in KINDS.values()} >= SHOWN


@pytest.mark.parametrize("kind", PICTURES, ids=lambda kind: kind.format)
def test_the_docs_name_every_kind_of_picture(kind):
    """In the table of formats."""
    names = {"apng": "APNG"}
    assert names.get(kind.format, kind.label) in FORMATS


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS.values() if kind.media_type.startswith("image/") and kind.kind == "unsupported"]
)
def test_the_docs_name_every_picture_that_is_refused(kind):
    """Below the table."""
    assert kind.label.removeprefix("a ").removesuffix(" file") in FORMATS
