"""Text that would be lost by shrinking is measured in the pixels and sent in parts; all else is sent as before."""

from __future__ import annotations

import pytest
from PIL import Image

from shared.adapters.pixels.normalize import normalize_image
from shared.adapters.pixels.tiling import measure_em
from shared.adapters.pixels.worker import PixelWorker
from shared.core.media.decode_limits import DecodeLimits
from shared.core.models.catalogue import look_up_model
from tests.pages import page_of_text
from tests.pictures import encoded, exif, opened, photo

MODEL = look_up_model("gpt-4o")
LONG = (1000, 5000)


@pytest.fixture(scope="module")
def worker():
    with PixelWorker() as running:
        yield running


MEASURED = [(16, {}), (24, {}), (40, {}), (16, {"rule": True}), (16, {"colour": "#999"})]


@pytest.mark.parametrize(("em_px", "more"), MEASURED)
def test_the_em_of_text_is_measured(em_px, more):
    """Within a tenth, beside vertical rules and in grey too."""
    assert measure_em(page_of_text((900, 1400), em_px, **more)) == pytest.approx(em_px, rel=0.1)


def test_what_is_no_page_of_text_has_no_em():
    """Photos, a caption, an even sheet, and what is too small to hold lines."""
    assert measure_em(photo((800, 600))) == 0
    assert measure_em(page_of_text((900, 60), 16)) == 0
    assert measure_em(photo((800, 600)).point(lambda _: 255)) == 0
    assert measure_em(photo((20, 20))) == 0


def sent(data, **more):
    return normalize_image(data, model=MODEL, detail=more.pop("detail", "high"), **more)


def test_a_long_page_goes_as_a_whole_and_in_parts(worker):
    """The same in the child; each part is cut where it says, at the size that the steps give."""
    page = page_of_text(LONG, 16)
    image = sent(encoded(page, "PNG"))
    whole, *parts = image.pictures
    assert image == worker.normalize_image(encoded(page, "PNG"), model=MODEL, detail="high")
    assert (whole.place.number, whole.place.of, whole.height) == (0, len(parts), 2048)
    assert [one.place.number for one in parts] == list(range(1, len(parts) + 1))
    assert any(f"cut into {len(parts)} parts of {parts[0].width}x{parts[0].height}" in step for step in image.steps)
    for part in parts:
        assert part.media_type == "image/png"
        assert measure_em(opened(part.data)) >= 9
        place = part.place
        box = (place.left * LONG[0], place.top * LONG[1], place.right * LONG[0], place.bottom * LONG[1])
        expected = page.crop(tuple(map(round, box))).resize(opened(part.data).size).convert("L").reduce(8)
        drawn = opened(part.data).convert("L").reduce(8)
        off = [abs(a - b) for a, b in zip(expected.tobytes(), drawn.tobytes(), strict=True)]
        assert sum(off) / len(off) < 12


def test_a_page_that_is_stored_turned_is_cut_upright():
    """Places are those of the page as it is read."""
    turned = encoded(
        page_of_text(LONG, 16, columns=50).transpose(Image.Transpose.ROTATE_90),
        "JPEG",
        quality=95,
        exif=exif(orientation=8),
    )
    upright = sent(turned)
    parts = upright.pictures[1:]
    assert parts
    assert all((part.place.left, part.place.right) == (0, 1) for part in parts)


AS_BEFORE = {
    "a photo": (encoded(photo((3000, 2000)), "JPEG"), {}),
    "large text": (encoded(page_of_text(LONG, 60), "PNG"), {}),
    "a page that is seen whole": (encoded(page_of_text((700, 1500), 12), "PNG"), {}),
    "a page of which nobody wants parts": (encoded(page_of_text(LONG, 16), "PNG"), {"tiles": "off"}),
    "a page at detail low": (encoded(page_of_text(LONG, 16), "PNG"), {"detail": "low"}),
}


@pytest.mark.parametrize(("data", "more"), AS_BEFORE.values(), ids=AS_BEFORE)
def test_what_is_fine_or_not_wanted_is_one_picture(data, more):
    """It costs what it did."""
    (picture,) = sent(data, **more).pictures
    assert picture.place is None


NOTES = [
    ({"tiles": "off"}, 'text under 18 px will not be read (tiles = "auto" would send it in parts)'),
    ({"detail": "low"}, "text under 69 px will not be read (detail high would send it in parts)"),
]


@pytest.mark.parametrize(("more", "note"), NOTES)
def test_without_parts_a_note_says_what_is_lost(more, note):
    """In pixels of the page, and what would help."""
    assert note in sent(encoded(page_of_text(LONG, 16), "PNG"), **more).notes


def test_why_not_is_a_step():
    """Large text is measured and left whole."""
    assert any(step.startswith("not cut into parts: its text has") for step in sent(AS_BEFORE["large text"][0]).steps)


def test_a_number_of_parts_is_kept_whatever_is_on_it():
    """For a photo too, if the model does not see it whole."""
    assert len(sent(encoded(photo((3000, 2000)), "JPEG"), tiles=4).pictures) == 5
    assert len(sent(encoded(photo((300, 200)), "JPEG"), tiles=4).pictures) == 1


def test_pages_of_a_document_are_each_followed_by_their_parts():
    """A fine page among them stays one picture."""
    small, large = page_of_text(LONG, 16).convert("L"), page_of_text(LONG, 60).convert("L")
    data = encoded(small, "TIFF", save_all=True, append_images=[large, small], compression="tiff_lzw")
    image = sent(data)
    pages = [one.page for one in image.pictures]
    assert pages == sorted(pages)
    assert pages.count(2) == 1
    assert pages.count(1) == pages.count(3) > 2
    assert not image.partial


def test_a_page_that_takes_too_much_memory_is_not_measured():
    """It is sent whole as before, never refused for its parts."""
    data = encoded(page_of_text(LONG, 16), "PNG")
    whole = sent(data, tiles="off")
    tight = DecodeLimits(max_decode_bytes=whole.plan.decode_bytes + 1000)
    assert len(sent(data, limits=tight).pictures) == 1
