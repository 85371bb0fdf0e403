"""Pages of a PDF, drawn by PDFium at the very size that is sent: none is ever made larger than that.

PDFium is not thread-safe: pixels/worker.py gives its process one file at a time. It runs no script and fetches nothing.
"""

from __future__ import annotations

from itertools import islice
from math import isfinite
from typing import TYPE_CHECKING, Any

from PIL import Image
from pypdfium2 import PdfBitmap, PdfDocument, PdfImage, PdfiumError, PdfPage, raw

from shared.adapters.pixels.errors import corrupt
from shared.core.media.decode_limits import DecodeLimits, Load, check_source
from shared.core.media.kinds import KINDS
from shared.core.media.pdf import has_its_end, page_size

if TYPE_CHECKING:
    from shared.core.models.image_grid import Size

KIND = KINDS["pdf"]
WHITE = (255, 255, 255, 255)
FLAGS = raw.FPDF_ANNOT | raw.FPDF_RENDER_LIMITEDIMAGECACHE
LETTER = page_size(612, 792)  # of a page that cannot be read, as viewers show it
MOST_OBJECTS = 20_000  # of a page that are looked through for pictures
MOST_NESTED = 5
CUT_OFF = "the file ends too early: whether its pages are complete cannot be told"

NOT_READ = {
    raw.FPDF_ERR_PASSWORD: ("with a password", "Save a copy without the password, and upload that."),
    raw.FPDF_ERR_SECURITY: ("with this kind of protection", "Save a copy without the protection, and upload that."),
}


class PdfPages(Image.Image):
    """As Pillow's readers have frames: `seek` chooses a page, and nothing is drawn before `draw_page`."""

    format = "PDF"

    def __init__(self, document: PdfDocument, sizes: list[Size | None], limits: DecodeLimits) -> None:
        super().__init__()
        self.document, self.sizes, self.limits, self.page = document, sizes, limits, 0
        self._mode = "RGB"
        self._size = self.page_sizes[0]

    def __exit__(self, *_: object) -> None:
        self.document.close()

    @property
    def page_sizes(self) -> tuple[Size, ...]:
        return tuple(size or LETTER for size in self.sizes)

    def seek(self, frame: int) -> None:
        self.page = frame

    def tell(self) -> int:
        return self.page


def open_pdf(data: bytes, limits: DecodeLimits) -> PdfPages | tuple[str, str]:
    """The pages, none of them drawn, or what of it is not read and what to do. Raises PdfiumError if it is damaged."""
    forget_last_error()
    try:
        document = PdfDocument(data)
    except PdfiumError as error:
        if error.err_code in NOT_READ:
            return NOT_READ[error.err_code]
        raise
    if document.get_formtype() == raw.FORMTYPE_XFA_FULL:
        return "whose pages are made by an XFA form", "Print it to a new PDF in the program that shows it."
    document.init_forms()
    check_source(Load(bytes=len(data), frames=len(document)), limits)
    pages = PdfPages(document, read_sizes(document), limits)
    pages.info["notes"] = () if has_its_end(data) else (CUT_OFF,)
    return pages


def forget_last_error() -> None:
    """PDFium leaves the error of an earlier file where it has none to tell of the next; that of no bytes is FORMAT."""
    raw.FPDF_LoadMemDocument(b"", 0, None)


def read_sizes(document: PdfDocument) -> list[Size | None]:
    """Upright sizes; None for a page that cannot be read. Raises SourceRejected if that is more than half of them."""
    sizes = [read_size(document, index) for index in range(len(document))]
    if sizes.count(None) * 2 > len(sizes):
        raise corrupt(KIND, "less than half of its pages are there")
    return sizes


def read_size(document: PdfDocument, index: int) -> Size | None:
    try:
        width_pt, height_pt = document.get_page_size(index)
    except PdfiumError:
        return None
    is_size = isfinite(width_pt) and isfinite(height_pt) and width_pt > 0 and height_pt > 0
    return page_size(width_pt, height_pt) if is_size else None


def draw_page(pages: Any, size: Size) -> tuple[Image.Image, str]:
    """The page that `pages` is at, on white, and what is missing of it ("" = nothing that PDFium knows of)."""
    try:
        page = pages.document[pages.page]
    except PdfiumError:
        return Image.new("RGB", size, WHITE[:3]), f"page {pages.page + 1} cannot be read: an empty one was sent"
    check_pictures(page, pages.limits)
    bitmap = PdfBitmap.new_native(*size, raw.FPDFBitmap_BGR)
    bitmap.fill_rect(WHITE, 0, 0, *size)
    raw.FPDF_RenderPageBitmap(bitmap, page, 0, 0, *size, 0, FLAGS)
    if page.formenv:
        raw.FPDF_FFLDraw(page.formenv, bitmap, page, 0, 0, *size, 0, FLAGS)
    drawn = bitmap.to_pil().convert("RGB")
    page.close()
    bitmap.close()
    return drawn, ""


def check_pictures(page: PdfPage, limits: DecodeLimits) -> None:
    """Raises SourceRejected for one that is refused in a file of its own too. PDFium decodes them by rows."""
    for thing in islice(page.get_objects(max_depth=MOST_NESTED), MOST_OBJECTS):
        if isinstance(thing, PdfImage):
            width, height = thing.get_px_size()
            check_source(Load(bytes=1, pixels=width * height), limits)
