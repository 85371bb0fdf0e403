"""Good pictures with broken or odd things beside the pixels are shown; what is not read is not called damaged."""

from __future__ import annotations

import struct
import zlib

import pytest
from PIL import Image

from shared.adapters.pixels.normalize import normalize_image
from shared.core.errors import SourceRejected
from shared.core.models.catalogue import look_up_model
from tests.charts import as_p3, chart, mean_difference
from tests.pictures import BLUE, GREEN, RED, YELLOW, corner_colours, encoded, exif, heic, near, opened, photo, quarters

MODEL = look_up_model("gpt-4o")
PICTURE = quarters()
COLOURS = (RED, GREEN, BLUE, YELLOW)
MAKE = 0x10F
TURN_XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'


def normalize(data: bytes):
    return normalize_image(data, model=MODEL, detail="high")


def png_chunk(name: bytes, body: bytes, *, is_right: bool = False) -> bytes:
    checksum = zlib.crc32(name + body) ^ (0 if is_right else 1)
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", checksum)


def png_with(chunk: bytes, *, before: bytes = b"IDAT", picture: Image.Image = PICTURE, **options: object) -> bytes:
    data = encoded(picture, "PNG", **options)
    at = data.index(before) - 4
    return data[:at] + chunk + data[at:]


def jpeg_with(segment: bytes, **options: object) -> bytes:
    """Instead of its JFIF segment."""
    data = encoded(PICTURE, "JPEG", quality=95, **options)
    return data[:2] + segment + data[20:]


def avif_with_exif(block: bytes) -> bytes:
    """Its Exif item holds something else of the same length."""
    written = exif()
    written[MAKE] = "camera"
    data = encoded(PICTURE, "AVIF", quality=95, exif=written)
    at = data.index(b"II*\0") if b"II*\0" in data else data.index(b"MM\0*")
    return data[:at] + block + data[at + len(block) :]


GOOD = {
    "PNG, wrong checksum of a text": png_with(png_chunk(b"tEXt", b"a\0b")),
    "PNG, wrong checksum of its density": png_with(png_chunk(b"pHYs", bytes(9))),
    "PNG, wrong checksum of its profile": png_with(png_chunk(b"iCCP", b"x\0\0" + zlib.compress(b"no profile"))),
    "PNG, wrong checksum of a text behind the pixels": png_with(png_chunk(b"zTXt", b"a\0b"), before=b"IEND"),
    "PNG, a density cut short": png_with(png_chunk(b"pHYs", b"\0", is_right=True)),
    "PNG, EXIF that is none": png_with(png_chunk(b"eXIf", b"garbage", is_right=True)),
    "JPEG, a short JFIF segment": jpeg_with(b"\xff\xe0\0\x07JFIF\0"),
    "JPEG, an empty JFIF segment": jpeg_with(b"\xff\xe0\0\x02"),
    "JPEG, a JFIF segment cut within its numbers": jpeg_with(b"\xff\xe0\0\x0aJFIF\0\1\1\1"),
    "JPEG, EXIF that is none": jpeg_with(b"\xff\xe1\0\x0eExif\0\0garbag"),
    "JPEG, Photoshop's block cut short": jpeg_with(b"\xff\xed\0\x19Photoshop 3.0\x008BIM\x04\x04\0\0\0"),
    "JPEG, an Adobe segment cut short": jpeg_with(b"\xff\xee\0\x08Adobe\0"),
    "JPEG, an index of several pictures that is none": jpeg_with(b"\xff\xe2\0\x0aMPF\0garb"),
    "AVIF, EXIF that is none": avif_with_exif(b"garbage!"),
    "WebP, EXIF that is none": encoded(PICTURE, "WEBP", quality=95, exif=b"Exif\0\0garbage"),
    "HEIC, EXIF that is none": heic(PICTURE, quality=95, exif=b"Exif\0\0garbage"),
}


@pytest.mark.parametrize("name", GOOD)
def test_broken_metadata_do_not_hide_the_pixels(name):
    """As browsers show them: the picture is whole, and nothing of it is called missing."""
    image = normalize(GOOD[name])
    assert all(near(a, b, 16) for a, b in zip(corner_colours(opened(image.pictures[0].data)), COLOURS, strict=True))
    assert not image.partial


def test_a_wrong_checksum_costs_only_its_own_chunk():
    """A broken text does not take the colour space with it."""
    space = png_chunk(b"cICP", bytes([12, 13, 0, 1]), is_right=True)
    data = png_with(space + png_chunk(b"tEXt", b"a\0b"), picture=chart(as_p3))
    assert mean_difference(opened(normalize(data).pictures[0].data)) <= 2


def test_a_short_jfif_segment_does_not_cost_the_orientation():
    """EXIF stands behind it."""
    stored = PICTURE.transpose(Image.Transpose.ROTATE_90)
    block = encoded(stored, "JPEG", quality=95, exif=exif(orientation=6))
    data = block[:2] + b"\xff\xe0\0\x07JFIF\0" + block[20:] if block[6:10] == b"JFIF" else jpeg_in_front(block)
    image = normalize(data)
    assert image.info.orientation == 6
    assert all(near(a, b, 16) for a, b in zip(corner_colours(opened(image.pictures[0].data)), COLOURS, strict=True))


def jpeg_in_front(data: bytes) -> bytes:
    return data[:2] + b"\xff\xe0\0\x07JFIF\0" + data[2:]


@pytest.mark.parametrize("writer", ["JPEG", "WEBP", "PNG"])
def test_an_orientation_in_xmp_alone_turns_nothing(writer):
    """Tools that turned the pixels leave it behind; browsers do not look there."""
    if writer == "PNG":
        data = png_with(png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + TURN_XMP, is_right=True))
    else:
        data = encoded(PICTURE, writer, quality=95, xmp=TURN_XMP)
    image = normalize(data)
    assert (image.info.orientation, image.pictures[0].width, image.pictures[0].height) == (1, *PICTURE.size)


def test_the_picture_for_old_readers_is_no_frame():
    """An APNG may begin with a picture that is not part of the animation."""
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("magenta", "red", "blue")]
    data = encoded(frames[0], "PNG", save_all=True, default_image=True, append_images=frames[1:], duration=500)
    image = normalize(data)
    colours = [corner_colours(opened(picture.data))[0] for picture in image.pictures]
    assert colours == [(255, 0, 0), (0, 0, 255)]
    assert [picture.at_s for picture in image.pictures] == [0.0, 0.5]


def jpeg_of_bits(bits: int, marker: int = 0xC1) -> bytes:
    data = bytearray(encoded(PICTURE, "JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 1], data[at + 4] = marker, bits
    return bytes(data)


def sequence() -> bytes:
    """A HEIF track without a picture beside it."""
    brands = b"hevc\0\0\0\0msf1hevciso8"
    boxes = ((b"ftyp", brands), (b"moov", bytes(100)), (b"mdat", bytes(100)))
    return b"".join(struct.pack(">I", len(body) + 8) + name + body for name, body in boxes)


def bmp_with_masks() -> bytes:
    """Four bits for each colour, which no reader here knows."""
    header = struct.pack("<IiiHHIIiiII", 40, 8, 8, 1, 16, 3, 128, 0, 0, 0, 0) + struct.pack("<3I", 0xF, 0xF0, 0xF00)
    return b"BM" + struct.pack("<IHHI", 14 + len(header) + 128, 0, 0, 14 + len(header)) + header + bytes(128)


NOT_READ = [
    (bmp_with_masks(), "BMP of 16 bits with the masks f, f0, f00"),
    (heic(PICTURE).replace(b"hvc1", b"vvc1"), "HEIC of VVC pictures"),
    (jpeg_of_bits(12), "JPEG of 12 bits per sample"),
    (jpeg_of_bits(8, marker=0xC5), "JPEG hierarchical"),
    (jpeg_of_bits(8, marker=0xCB), "JPEG lossless and arithmetic"),
    (sequence(), "HEIC as an image sequence"),
]


@pytest.mark.parametrize(("data", "words"), NOT_READ)
def test_what_is_not_read_is_named(data, words):
    """A good file is never called damaged: that would send its owner to mend it."""
    with pytest.raises(SourceRejected, match=words) as caught:
        normalize(data)
    assert caught.value.code == "unsupported"
    assert caught.value.hint


def test_pixels_that_are_broken_are_still_called_damaged():
    """Leaving out metadata does not make a picture of nothing."""
    for data in (encoded(photo(), "PNG")[:60], b"\xff\xd8\xff\xe0\0\x07JFIF\0" + bytes(100)):
        with pytest.raises(SourceRejected) as caught:
            normalize(data)
        assert caught.value.code == "corrupt"
