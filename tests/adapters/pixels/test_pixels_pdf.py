"""Pages of PDFs become pictures as viewers show them; what cannot be shown, or should not be, is said."""

from __future__ import annotations

import pytest

from shared.adapters.pixels.normalize import normalize_image
from shared.adapters.pixels.open import inspect
from shared.adapters.pixels.worker import PixelWorker
from shared.core.errors import SourceRejected
from shared.core.media.decode_limits import DecodeLimits
from shared.core.models.catalogue import look_up_model
from tests.pdfs import Cipher, PdfPage, leaflet, painted, pdf, pdf_of, quartered, stream, written
from tests.pictures import BLUE, GREEN, RED, YELLOW, corner_colours, near, opened

MODEL = look_up_model("gpt-4o")
TURNS = [
    (b"", (267, 178), (RED, GREEN, BLUE, YELLOW)),
    (b"/Rotate 90", (178, 267), (BLUE, RED, YELLOW, GREEN)),
    (b"/Rotate 180", (267, 178), (YELLOW, BLUE, GREEN, RED)),
    (b"/Rotate 270", (178, 267), (GREEN, YELLOW, RED, BLUE)),
    (b"/CropBox [48 0 96 64]", (133, 178), (GREEN, GREEN, YELLOW, YELLOW)),
]
SCRIPT = b"/OpenAction << /S /JavaScript /JS (while(true){}) >>"
XFA = b"/NeedsRendering true /AcroForm << /XFA 4 0 R /Fields [] >>"
CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
LOOP = b"<< /Type /Pages /Kids [2 0 R 2 0 R 3 0 R] /Count 3 >>"
BARE = b"<< /Type /Page >>"
MANY = b"<< /Type /Pages /Kids [" + b"3 0 R " * 5001 + b"] /Count 5001 >>"
LARGE = b"/Type /XObject /Subtype /Image /Width 20000 /Height 20000 /ColorSpace /DeviceGray /BitsPerComponent 8"


def normalize(data: bytes, **more):
    return normalize_image(data, model=MODEL, detail="high", **more)


def refusal_of(data: bytes) -> SourceRejected:
    with pytest.raises(SourceRejected) as caught:
        normalize(data)
    return caught.value


@pytest.mark.parametrize(("more", "size", "colours"), TURNS)
def test_a_page_is_drawn_as_a_viewer_turns_it(more, size, colours):
    """At 200 dots per inch where that is no more than the model sees."""
    image = normalize(pdf(quartered(more=more)))
    (picture,) = image.pictures
    first = opened(picture.data)
    assert first.size == (picture.width, picture.height) == size
    assert all(near(a, b) for a, b in zip(corner_colours(first), colours, strict=True))
    assert (image.partial, image.notes, picture.page) == (False, (), None)


def test_every_page_has_its_own_size_and_number():
    """None is drawn larger than it is sent: a page of A4 is as sharp as letters can be at that size."""
    data = pdf(PdfPage(content=written("one")), quartered(), PdfPage(content=written("A4"), box=(595, 842)))
    image = normalize(data)
    assert image.info.frame_sizes == ((267, 178), (267, 178), (1653, 2339))
    assert [(one.page, one.width, one.height) for one in image.pictures] == [
        (1, 267, 178),
        (2, 267, 178),
        (3, 724, 1024),
    ]


def test_a_page_is_white_where_nothing_is_drawn():
    """Also where the drawing is see-through."""
    image = normalize(pdf(PdfPage(content=painted((0, 0, 48, 64, RED)))))
    left, right, *_ = corner_colours(opened(image.pictures[0].data))
    assert near(left, RED)
    assert right == (255, 255, 255)


def test_what_is_filled_into_a_form_is_seen():
    """The appearance of a field is drawn over its page."""
    field = (
        b"<< /Type /Annot /Subtype /Widget /FT /Btn /Ff 65536 /T (a) /Rect [0 0 96 64] /F 4 /P 5 0 R "
        b"/AP << /N 7 0 R >> >>"
    )
    look = stream(painted((0, 0, 96, 64, BLUE)), b"/Type /XObject /Subtype /Form /BBox [0 0 96 64]")
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 96 64] /Annots [6 0 R] >>"
    catalog = b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [6 0 R] >> >>"
    tree = b"<< /Type /Pages /Kids [5 0 R] /Count 1 >>"
    image = normalize(pdf_of([catalog, tree, b"null", b"null", page, field, look]))
    assert all(near(one, BLUE) for one in corner_colours(opened(image.pictures[0].data)))


def test_no_script_is_run():
    """One that never ends is not begun."""
    assert normalize(pdf(quartered(), catalog=SCRIPT)).pictures == normalize(pdf(quartered())).pictures


def test_a_file_that_opens_without_a_password_is_read():
    """Many are encrypted only to say what readers may do; viewers show them to everybody."""
    image = normalize(pdf(quartered(), cipher=Cipher()))
    assert near(corner_colours(opened(image.pictures[0].data))[0], RED)


REFUSED = [
    (pdf(quartered(), cipher=Cipher(password=b"secret")), "unsupported", "PDF with a password is not read here"),
    (pdf(quartered(), catalog=XFA), "unsupported", "PDF whose pages are made by an XFA form is not read here"),
    (b"%PDF-", "corrupt", "the PDF is damaged (PdfiumError)"),
    (pdf(quartered())[:300], "corrupt", "the PDF is damaged (PdfiumError)"),
    (b"%PDF-1.7\n" + b"x" * 1000, "corrupt", "the PDF is damaged (PdfiumError)"),
    (pdf(), "corrupt", "the PDF is damaged (PdfiumError)"),
    (pdf_of([CATALOG, LOOP, BARE]), "corrupt", "the PDF is damaged (less than half of its pages are there)"),
    (pdf_of([CATALOG, MANY, BARE]), "too_large", "the file has 5,001 frames or pages; the limit is 5,000"),
    (
        pdf(PdfPage(content=b"/X Do"), form=stream(b"", LARGE)),
        "too_large",
        "the file has 400,000,000 pixels; the limit is 100,000,000",
    ),
]


@pytest.mark.parametrize(("data", "code", "message"), REFUSED)
def test_what_cannot_be_shown_is_named(data, code, message):
    """Each with what to do."""
    refusal = refusal_of(data)
    assert (refusal.code, refusal.message) == (code, message)
    assert refusal.hint


def test_a_damaged_file_is_not_called_by_the_last_ones_name():
    """PDFium keeps the error of an earlier file where it has none to tell of this one."""
    assert refusal_of(pdf(quartered(), cipher=Cipher(password=b"secret"))).code == "unsupported"
    assert refusal_of(pdf()).code == "corrupt"


def test_a_page_of_any_size_has_a_bounded_number_of_pixels():
    """The largest that the format knows, and beyond."""
    for side in (14_400, 1_000_000):
        assert inspect(pdf(PdfPage(box=(side, side)))).frame_sizes == ((10_000, 10_000),)
    assert inspect(pdf(PdfPage(box=(14_400, 1)))).frame_sizes == ((10_000, 1),)


def test_a_file_without_its_end_is_used_with_a_note():
    """What was there is found anew; nobody knows what else there was."""
    image = normalize(leaflet(2).partition(b"startxref")[0])
    assert len(image.pictures) == 2
    assert image.notes == ("the file ends too early: whether its pages are complete cannot be told",)


def test_a_page_that_cannot_be_read_is_said_and_costs_no_other():
    """Its place is kept, so that the pages behind it have their numbers."""
    tree = b"<< /Type /Pages /Kids [3 0 R 9 0 R 3 0 R] /Count 3 >>"
    image = normalize(pdf_of([CATALOG, tree, b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 96 64] >>"]))
    assert [one.page for one in image.pictures] == [1, 2, 3]
    assert image.partial
    assert "page 2 cannot be read: an empty one was sent" in image.notes


def nested_forms(levels: int, times: int) -> bytes:
    """Each draws the next so many times: a few kilobytes, and more to draw than anybody lives to see."""
    forms = [
        stream(
            b"/X Do " * times,
            b"/Type /XObject /Subtype /Form /BBox [0 0 96 64] /Resources << /XObject << /X %d 0 R >> >>" % (number + 1),
        )
        for number in range(5, 5 + levels)
    ]
    page = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 96 64] /Contents 4 0 R "
        b"/Resources << /XObject << /X 5 0 R >> >> >>"
    )
    tree = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
    last = stream(painted((0, 0, 9, 9, RED)), b"/Type /XObject /Subtype /Form /BBox [0 0 96 64]")
    return pdf_of([CATALOG, tree, page, stream(b"/X Do"), *forms, last])


def test_a_bomb_ends_its_child_and_nobody_else():
    """Within the caps on time and memory, whichever it meets first; the next file is read."""
    with PixelWorker(DecodeLimits(max_seconds=2)) as worker:
        with pytest.raises(SourceRejected) as caught:
            worker.normalize_image(nested_forms(12, 10), model=MODEL, detail="high")
        assert caught.value.code in {"corrupt", "too_slow", "too_large"}
        data = pdf(quartered())
        assert worker.normalize_image(data, model=MODEL, detail="high") == normalize(data)
