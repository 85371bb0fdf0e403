"""Pages of text for tests: black lines on white, in Pillow's own font."""

from __future__ import annotations

from PIL import Image, ImageDraw, ImageFont

WORDS = "The quick brown fox jumps over the lazy dog by the old village pump. "


def page_of_text(
    size: tuple[int, int], em_px: int, *, colour: str = "black", rule: bool = False, columns: int = 0
) -> Image.Image:
    """Lines over the whole width or of `columns` letters, half an em apart; `rule` is a vertical line down the page."""
    image = Image.new("RGB", size, "white")
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(em_px)
    line = WORDS * (1 + size[0] // 100)
    for y in range(em_px, size[1] - 2 * em_px, em_px * 3 // 2):
        pen.text((em_px, y), line[: columns or 2 * size[0] // em_px], font=font, fill=colour)
    if rule:
        pen.line((size[0] // 3, 0, size[0] // 3, size[1]), fill="black", width=2)
    return image
