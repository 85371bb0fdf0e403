"""Small pictures of every format, made on the spot: no binary files in the tree."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from PIL import Image, ImageCms, ImageDraw

if TYPE_CHECKING:
    from shared.core.models.image_grid import Size

RED, GREEN, BLUE, YELLOW = (200, 40, 40), (40, 160, 60), (40, 60, 200), (230, 210, 50)
WIDTH, HEIGHT = 96, 64
ORIENTATION = 0x112
GPS = 0x8825


def quarters(size: Size = (WIDTH, HEIGHT)) -> Image.Image:
    """Red and green above, blue and yellow below: turned or mirrored, it shows."""
    image = Image.new("RGB", size)
    draw = ImageDraw.Draw(image)
    middle_x, middle_y = size[0] // 2, size[1] // 2
    corners = ((0, 0, RED), (middle_x, 0, GREEN), (0, middle_y, BLUE), (middle_x, middle_y, YELLOW))
    for left, top, colour in corners:
        draw.rectangle((left, top, left + middle_x, top + middle_y), fill=colour)
    return image


def photo(size: Size = (640, 480)) -> Image.Image:
    """Noise on a slope: nothing in it is flat."""
    slope = Image.linear_gradient("L").resize(size)
    noise = Image.effect_noise(size, 60)
    return Image.merge("RGB", (noise, Image.blend(slope, noise, 0.3), slope.transpose(Image.Transpose.ROTATE_180)))


def encoded(image: Image.Image, name: str, **options: object) -> bytes:
    target = BytesIO()
    image.save(target, name, **options)
    return target.getvalue()


def heic(*images: Image.Image, **options: object) -> bytes:
    import pillow_heif  # noqa: PLC0415 -- only where it is used

    target, file = BytesIO(), pillow_heif.HeifFile()
    for image in images:
        file.add_from_pillow(image)
    file.save(target, **options)
    return target.getvalue()


def exif(*, orientation: int = 1, gps: bool = False) -> Image.Exif:
    block = Image.Exif()
    block[ORIENTATION] = orientation
    if gps:
        block.get_ifd(GPS).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)})
    return block


def swapped_profile() -> bytes:
    """An ICC profile that shows whether it was used: sRGB with the red and the green primary swapped."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    tags = {bytes(profile[at : at + 4]): at for at in range(132, 132 + 12 * profile[131], 12)}
    red, green = (slice(tags[name] + 4, tags[name] + 12) for name in (b"rXYZ", b"gXYZ"))
    profile[red], profile[green] = profile[green], profile[red]
    return bytes(profile)


def opened(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image


def corner_colours(image: Image.Image) -> tuple[tuple[int, int, int], ...]:
    """The middles of the four quarters, left to right, top to bottom."""
    rgb = image.convert("RGB")
    width, height = rgb.size
    spots = [(x * width // 4, y * height // 4) for y in (1, 3) for x in (1, 3)]
    return tuple(rgb.getpixel(spot) for spot in spots)  # type: ignore[misc] # an RGB pixel is a triple


def near(found: tuple[int, ...], wanted: tuple[int, ...], within: int = 12) -> bool:
    return all(abs(a - b) <= within for a, b in zip(found, wanted, strict=True))
