"""Photoshop files, written here channel by channel: the composite is read exactly, or the reason is named."""

from __future__ import annotations

import struct
from itertools import chain, groupby

import pytest
from PIL import Image, ImageChops

from shared.adapters.pixels.normalize import normalize_image
from shared.core.errors import SourceRejected
from shared.core.models.catalogue import look_up_model
from tests.charts import chart, mean_difference, patches
from tests.pictures import opened, swapped_profile

MODEL = look_up_model("gpt-4o")
PICTURE = chart()
WIDTH, HEIGHT = PICTURE.size
BITMAP, GREY, INDEXED, RGB, CMYK, MULTICHANNEL, DUOTONE, LAB = 0, 1, 2, 3, 4, 7, 8, 9
SELECTION = Image.linear_gradient("L").resize(PICTURE.size).tobytes()
OPAQUE = b"\xff" * (WIDTH * HEIGHT)
CHANNELS = [channel.tobytes() for channel in PICTURE.split()]


def resource(number: int, body: bytes) -> bytes:
    return b"8BIM" + struct.pack(">HHI", number, 0, len(body)) + body + bytes(len(body) % 2)


def psd(  # noqa: PLR0913 -- a file has as many parts
    mode: int,
    channels: list[bytes],
    *,
    depth: int = 8,
    layers: int = 0,
    is_real: bool = True,
    compression: int = 1,
    is_large: bool = False,
    extra: bytes = b"",
    palette: bytes = b"",
    blocks: bytes = b"",
    size: tuple[int, int] = PICTURE.size,
) -> bytes:
    """`channels` are rows of samples as stored; `layers` is what the layer count says."""
    length = ">Q" if is_large else ">I"
    version = resource(1057, struct.pack(">IB", 1, is_real) + bytes(20))
    info = struct.pack(">h", layers) + bytes(2) if layers else b""
    layer_part = struct.pack(length, len(info)) + info + extra if info or extra else b""
    header = b"8BPS" + struct.pack(">H6xHIIHH", 2 if is_large else 1, len(channels), size[1], size[0], depth, mode)
    parts = (struct.pack(">I", len(palette)), palette, struct.pack(">I", len(version + blocks)), version, blocks)
    return b"".join(
        (
            header,
            *parts,
            struct.pack(length, len(layer_part)),
            layer_part,
            pixels(channels, (size[0] * depth + 7) // 8, compression=compression, is_large=is_large),
        )
    )


def pixels(channels: list[bytes], row_bytes: int, *, compression: int, is_large: bool) -> bytes:
    if compression == 0:
        return bytes(2) + b"".join(channels)
    rows = [pack(one[at : at + row_bytes]) for one in channels for at in range(0, len(one), row_bytes)]
    counts = struct.pack(f">{len(rows)}{'I' if is_large else 'H'}", *map(len, rows))
    return compression.to_bytes(2, "big") + counts + b"".join(rows)


def pack(row: bytes) -> bytes:
    """PackBits, with runs as runs and single bytes as literals of one."""
    found = b""
    for value, same in groupby(row):
        count = len(list(same))
        while count:
            run = min(count, 128)
            found += bytes([257 - run if run > 1 else 0, value])
            count -= run
    return found


def deep(channel: bytes) -> bytes:
    """16 bits, of which the lower ones are noise."""
    return bytes(chain.from_iterable((value, (value * 7) % 256) for value in channel))


def normalize(data: bytes):
    return normalize_image(data, model=MODEL, detail="high")


def shown(data: bytes) -> Image.Image:
    return opened(normalize(data).pictures[0].data)


NO_COLOUR = Image.new("L", PICTURE.size, 128)
LAB_CHANNELS = [one.tobytes() for one in (PICTURE.convert("L"), NO_COLOUR, NO_COLOUR)]
INDICES = PICTURE.quantize(64)
COLOURS = (INDICES.getpalette() or []) + [0] * (768 - len(INDICES.getpalette() or []))
PLANAR_PALETTE = bytes(value for channel in range(3) for value in COLOURS[channel::3])
MANY = psd(RGB, [*CHANNELS, SELECTION, SELECTION, SELECTION])
IN_COLOUR = {
    "plain": psd(RGB, CHANNELS),
    "not packed": psd(RGB, CHANNELS, compression=0),
    "a selection": psd(RGB, [*CHANNELS, SELECTION]),
    "a selection, not packed": psd(RGB, [*CHANNELS, SELECTION], compression=0),
    "three selections": MANY,
    "layers and a selection": psd(RGB, [*CHANNELS, SELECTION], layers=2),
    "transparency and a selection": psd(RGB, [*CHANNELS, OPAQUE, SELECTION], layers=-2),
    "16 bits": psd(RGB, [deep(one) for one in CHANNELS], depth=16),
    "16 bits, a selection": psd(RGB, [deep(one) for one in (*CHANNELS, SELECTION)], depth=16, compression=0),
    "a large document": psd(RGB, [*CHANNELS, SELECTION], is_large=True),
    "a large document of 16 bits": psd(RGB, [deep(one) for one in CHANNELS], depth=16, is_large=True),
    "indexed": psd(INDEXED, [INDICES.tobytes()], palette=PLANAR_PALETTE),
    "no composite, but no layers either": psd(RGB, CHANNELS, is_real=False),
}


@pytest.mark.parametrize("name", IN_COLOUR)
def test_the_composite_is_read(name):
    """Selections are no transparency, and move no channel."""
    image = normalize(IN_COLOUR[name])
    assert mean_difference(opened(image.pictures[0].data)) <= 4
    assert (image.info.width, image.info.height) == (WIDTH, HEIGHT)


GREYS = {
    "grey": psd(GREY, [PICTURE.convert("L").tobytes()]),
    "grey and a selection": psd(GREY, [PICTURE.convert("L").tobytes(), SELECTION]),
    "duotone": psd(DUOTONE, [PICTURE.convert("L").tobytes()]),
    "grey of 16 bits": psd(GREY, [deep(PICTURE.convert("L").tobytes())], depth=16),
}


@pytest.mark.parametrize("name", GREYS)
def test_greys_are_read(name):
    """A duotone's inks are not told: its one channel is shown as grey."""
    assert mean_difference(shown(GREYS[name]), tuple(patches(PICTURE.convert("L")))) <= 3


def test_bitmaps_are_not_negatives():
    """A set bit is black."""
    bits = Image.new("1", PICTURE.size, 1)
    bits.paste(0, (0, 0, WIDTH // 2, HEIGHT))
    stored = ImageChops.invert(bits.convert("L")).convert("1").tobytes()
    found = patches(shown(psd(BITMAP, [stored], depth=1)))
    assert (found[0], found[5]) == ((0, 0, 0), (255, 255, 255))


@pytest.mark.parametrize("selections", [[], [SELECTION]])
def test_inks_are_stored_as_what_they_leave_white(selections):
    """255 is no ink."""
    inks = [ImageChops.invert(one).tobytes() for one in PICTURE.convert("CMYK").split()]
    wanted = tuple(patches(PICTURE.convert("CMYK").convert("RGB")))
    assert mean_difference(shown(psd(CMYK, [*inks, *selections])), wanted) <= 4


def test_lab_is_read():
    """Grey: both of its colours are 128, which is none."""
    found = patches(shown(psd(LAB, LAB_CHANNELS)))
    assert all(max(colour) - min(colour) <= 4 for colour in found)
    assert found[18][0] > 235


@pytest.mark.parametrize(
    "data",
    [
        psd(RGB, [*CHANNELS, SELECTION], layers=-1),
        psd(RGB, [*CHANNELS, SELECTION], extra=bytes(4) + b"8BIMMt16" + bytes(4)),
        psd(RGB, [*CHANNELS, SELECTION], extra=bytes(4) + b"8BIMLr16" + struct.pack(">Ih", 2, -1)),
    ],
    ids=["a negative count", "a block that says so", "layers of 16 bits"],
)
def test_transparency_counts(data):
    """The upper rows are nearly clear: white."""
    found = patches(shown(data))
    assert min(found[0]) > 200
    assert max(found[23]) < 80
    assert any("laid over" in step for step in normalize(data).steps)


def test_its_profile_counts():
    """Red and green are exchanged."""
    wanted = [colour[1] > colour[0] for colour in patches(PICTURE)]
    found = patches(shown(psd(RGB, CHANNELS, blocks=resource(1039, swapped_profile()))))
    assert [colour[0] > colour[1] for colour in found][:6] == wanted[:6]


NOT_READ = {
    "saved without a picture of all its layers": psd(RGB, CHANNELS, layers=3, is_real=False),
    "5 multichannel channels of 8 bits": psd(MULTICHANNEL, [SELECTION] * 5),
    "3 RGB channels of 32 bits": psd(RGB, [SELECTION * 4] * 3, depth=32, compression=0),
    "2 RGB channels of 8 bits": psd(RGB, [SELECTION] * 2),
    "of compression 2": psd(RGB, CHANNELS, compression=2),
}


@pytest.mark.parametrize("words", NOT_READ)
def test_what_is_not_read_is_named(words):
    """With what to do about it, above all where Photoshop was told to leave the composite out."""
    with pytest.raises(SourceRejected, match=words) as caught:
        normalize(NOT_READ[words])
    assert caught.value.code == "unsupported"
    assert caught.value.hint


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
@pytest.mark.parametrize("name", ["plain", "not packed"])
def test_what_is_cut_off_is_damaged(name, share):
    """A part of the channels would be a picture in false colours."""
    data = IN_COLOUR[name]
    with pytest.raises(SourceRejected) as caught:
        normalize(data[: int(len(data) * share)])
    assert caught.value.code == "corrupt"


@pytest.mark.parametrize("size", [(30_000, 30_000), (300_000, 300_000), (9_999, 9_999)])
@pytest.mark.parametrize("is_large", [False, True])
def test_bombs_are_refused_by_their_header(size, is_large):
    """56 channels of up to 90 gigapixels in a hundred bytes: nothing is unpacked."""
    data = psd(RGB, [b""] * 56, depth=16, size=size, is_large=is_large)
    with pytest.raises(SourceRejected) as caught:
        normalize(data)
    assert caught.value.code == "too_large"
