"""Small PDFs, written by hand: each page is as large, as turned and as broken as a test wants it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.pictures import BLUE, GREEN, HEIGHT, RED, WIDTH, YELLOW

if TYPE_CHECKING:
    from collections.abc import Sequence

PADDING = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")  # ISO 32000-1, 7.6.3.3
FILE_ID = b"0123456789abcdef"
MAY_ALL = -4  # P of the encryption dictionary: everything is allowed
FIRST_PAGE = 5  # its object; pages stand behind catalog, tree, font and form


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfPage:
    """What is drawn, in operators, and what the page's dictionary says; sizes in points."""

    content: bytes = b""
    box: tuple[float, float] = (WIDTH, HEIGHT)
    more: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cipher:
    """RC4 of 40 bits, with a password that the reader must give; an empty one opens for everybody."""

    password: bytes = b""
    key: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        owner = md5(padded(b"owner"))[:5]
        object.__setattr__(self, "key", md5(padded(self.password) + rc4(owner, padded(self.password)) + LAST)[:5])

    def dictionary(self) -> bytes:
        owner = rc4(md5(padded(b"owner"))[:5], padded(self.password))
        return b"<< /Filter /Standard /V 1 /R 2 /P %d /O <%s> /U <%s> >>" % (
            MAY_ALL,
            owner.hex().encode(),
            rc4(self.key, PADDING).hex().encode(),
        )

    def encrypt(self, number: int, data: bytes) -> bytes:
        return rc4(md5(self.key + number.to_bytes(3, "little") + bytes(2))[:10], data)


LAST = MAY_ALL.to_bytes(4, "little", signed=True) + FILE_ID


def md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def padded(password: bytes) -> bytes:
    return (password + PADDING)[:32]


def rc4(key: bytes, data: bytes) -> bytes:
    state, j, out = list(range(256)), 0, bytearray()
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    i = j = 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)


def stream(data: bytes, more: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), more, data)


def pdf_of(objects: Sequence[bytes], trailer: bytes = b"") -> bytes:
    """The objects, numbered from 1, of which the first is the catalog."""
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count, start = len(places) + 1, len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n%s" % (count, table)
    out += b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (count, trailer, start)
    return bytes(out)


def pdf(*pages: PdfPage, catalog: bytes = b"", form: bytes = b"<< >>", cipher: Cipher | None = None) -> bytes:
    """`form` is object 4, for what the pages or the catalog refer to."""
    kids = b" ".join(b"%d 0 R" % (FIRST_PAGE + 2 * place) for place in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalog,
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(pages)),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        form,
    ]
    for place, page in enumerate(pages):
        number = FIRST_PAGE + 2 * place
        box = b"%.2f %.2f" % page.box
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %s] /Contents %d 0 R /Resources << /Font << /F 3 0 R >> "
            b"/XObject << /X 4 0 R >> >> %s >>" % (box, number + 1, page.more)
        )
        objects.append(stream(cipher.encrypt(number + 1, page.content) if cipher else page.content))
    if cipher is None:
        return pdf_of(objects)
    return pdf_of(objects, b"/Encrypt %s /ID [<%s> <>]" % (cipher.dictionary(), FILE_ID.hex().encode()))


def painted(*boxes: tuple[float, float, float, float, tuple[int, int, int]]) -> bytes:
    """Rectangles by left, bottom, width, height and colour."""
    return b"\n".join(
        b"%.4f %.4f %.4f rg %g %g %g %g re f" % (*(value / 255 for value in colour), left, bottom, width, height)
        for left, bottom, width, height, colour in boxes
    )


def quartered(more: bytes = b"") -> PdfPage:
    """Red and green above, blue and yellow below: turned or mirrored, it shows."""
    x, y = WIDTH / 2, HEIGHT / 2
    corners = ((0, y, x, y, RED), (x, y, x, y, GREEN), (0, 0, x, y, BLUE), (x, 0, x, y, YELLOW))
    return PdfPage(content=painted(*corners), more=more)


def leaflet(pages: int) -> bytes:
    """Each page has its number on it."""
    return pdf(*(PdfPage(content=written(f"page {number}")) for number in range(1, pages + 1)))


def written(words: str, size_pt: float = 12) -> bytes:
    return b"BT /F %g Tf 10 30 Td (%s) Tj ET" % (size_pt, words.encode("latin-1"))


SEEDS = {
    "quarters, turned": pdf(quartered(more=b"/Rotate 90")),
    "three pages": leaflet(3),
    "encrypted": pdf(quartered(), cipher=Cipher()),
    "a picture": pdf(
        PdfPage(content=b"q 96 0 0 64 0 0 cm /X Do Q"),
        form=stream(
            bytes(range(192)),
            b"/Type /XObject /Subtype /Image /Width 8 /Height 8 /ColorSpace /DeviceRGB /BitsPerComponent 8",
        ),
    ),
}
"""What a fuzzer begins with."""
