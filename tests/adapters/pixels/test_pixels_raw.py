"""Camera raw files: the largest preview, turned as the camera was held; what has none is named."""

from __future__ import annotations

import struct

import pytest

from shared.adapters.pixels.normalize import normalize_image
from shared.adapters.pixels.open import inspect
from shared.core.errors import SourceRejected
from shared.core.media.raw import find_preview
from shared.core.models.catalogue import look_up_model
from tests.pictures import encoded, opened, photo

MODEL = look_up_model("gpt-5.1")
LARGE, SMALL = (1200, 800), (160, 120)
LOSSLESS = b"\xff\xd8\xff\xc3\x00\x11\x08\x10\x00\x10\x00\x03" + bytes(400)  # as CR2 and DNG pack samples


def jpeg(size, **options) -> bytes:
    return encoded(photo(size), "JPEG", **options)


def directory(entries: dict[int, tuple[int, int]]) -> bytes:
    """A little-endian TIFF directory of single values: tag -> (type 3 or 4, value)."""
    body = struct.pack("<H", len(entries))
    for tag, (kind, value) in sorted(entries.items()):
        body += struct.pack("<HHI", tag, kind, 1) + (
            struct.pack("<HH", value, 0) if kind == 3 else struct.pack("<I", value)
        )
    return body + struct.pack("<I", 0)


def tiff_raw(*, orientation: int = 1, previews: tuple[bytes, ...] = (), magic: bytes = b"II*\0", **tags: int) -> bytes:
    """A raw file as most makers write it: a thumbnail's directory, one of the sensor below it, previews behind."""
    first = {254: (4, 1), 256: (4, 160), 257: (4, 120), 274: (3, orientation), 330: (4, 200)}
    sensor = {
        254: (4, 0),
        256: (4, 6000),
        257: (4, 4000),
        259: (3, tags.get("compression", 1)),
        262: (3, tags.get("colours", 32803)),
    }
    head = (magic + struct.pack("<I", 8) + directory(first)).ljust(200, b"\0")
    return (head + directory(sensor)).ljust(512, b"\0") + LOSSLESS + b"".join(previews)


def raf(preview: bytes) -> bytes:
    return (
        b"FUJIFILMCCD-RAW 0201FF383501".ljust(84, b"\0") + struct.pack(">II", 148, len(preview)) + bytes(56) + preview
    )


def cr3(preview: bytes, orientation: int) -> bytes:
    inside = b"II*\0" + struct.pack("<I", 8) + directory({274: (3, orientation)})
    boxes = [
        (b"ftyp", b"crx \0\0\0\1crx isom"),
        (b"moov", struct.pack(">I", 8 + len(inside)) + b"CMT1" + inside),
        (b"mdat", preview),
    ]
    return b"".join(struct.pack(">I", 8 + len(body)) + name + body for name, body in boxes)


FILES = {
    "nef": tiff_raw(previews=(jpeg(SMALL), jpeg(LARGE)), compression=34713),
    "dng": tiff_raw(previews=(jpeg(LARGE), jpeg(SMALL)), colours=34892),
    "arw": tiff_raw(previews=(jpeg(LARGE),), compression=32767),
    "pef": tiff_raw(previews=(jpeg(LARGE),), compression=65535),
    "cr2": tiff_raw(previews=(jpeg(LARGE),), magic=b"II*\0")[:8] + b"CR\2\0" + bytes(500) + jpeg(LARGE),
    "orf": tiff_raw(previews=(jpeg(LARGE),), magic=b"IIRO"),
    "rw2": tiff_raw(previews=(jpeg(LARGE),), magic=b"IIU\0"),
    "raf": raf(jpeg(LARGE)),
    "cr3": cr3(jpeg(LARGE), 1),
}


@pytest.mark.parametrize("data", FILES.values(), ids=FILES)
def test_the_largest_preview_is_shown(data):
    """Whatever the maker's container is; the result says that it is a preview."""
    image = normalize_image(data, model=MODEL, detail="high")

    assert (image.info.kind.format, image.info.bytes, image.info.width, image.info.height) == ("raw", len(data), *LARGE)
    assert any("preview" in note for note in image.notes)
    assert opened(image.pictures[0].data).size == (image.pictures[0].width, image.pictures[0].height)


TURNED = [
    (tiff_raw(orientation=8, previews=(jpeg(LARGE),), compression=34713), 8),
    (cr3(jpeg(LARGE), 6), 6),
    (tiff_raw(orientation=3, previews=(jpeg(LARGE),), compression=34713), 3),
]


@pytest.mark.parametrize(("data", "orientation"), TURNED, ids=["nef", "cr3", "upside down"])
def test_it_is_turned_as_the_camera_was_held(data, orientation):
    """By the raw file's own tag, where the preview does not say it."""
    image = normalize_image(data, model=MODEL, detail="high")
    upright = LARGE if orientation == 3 else LARGE[::-1]

    assert image.info.orientation == orientation
    assert (image.info.width, image.info.height) == upright
    assert image.pictures[0].width * upright[1] == pytest.approx(image.pictures[0].height * upright[0], rel=0.01)


def test_a_small_preview_is_used_with_a_note():
    """Better than nothing, and nobody is surprised."""
    image = normalize_image(tiff_raw(previews=(jpeg(SMALL),)), model=MODEL, detail="high")

    assert "its preview is only 160x120" in image.notes


WITHOUT = {
    "no preview": tiff_raw(),
    "grey": tiff_raw(previews=(encoded(photo(LARGE).convert("L"), "JPEG"),)),
    "cut before its scan": tiff_raw(previews=(jpeg(LARGE)[:300],)),
    "raf with nothing": raf(b""),
}


@pytest.mark.parametrize("data", WITHOUT.values(), ids=WITHOUT)
def test_a_raw_file_without_a_preview_is_named(data):
    """It is no damaged file, and the hint says what to do."""
    with pytest.raises(SourceRejected, match="camera raw file without a JPEG preview") as caught:
        inspect(data)

    assert caught.value.code == "unsupported"
    assert "Export" in caught.value.hint


def test_a_picture_full_of_beginnings_ends():
    """What looks like a JPEG every three bytes is looked at a bounded number of times."""
    assert find_preview(b"IIRO" + b"\xff\xd8\xff" * 1_000_000) is None
