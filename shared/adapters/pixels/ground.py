"""What a transparent picture is laid on: white, as on paper, unless white would hide what is on it.

Decided on the shrunk picture, which until then keeps its transparency, with colours weighted by it ("RGBa", "La").
"""

from __future__ import annotations

from functools import reduce

from PIL import Image, ImageChops

WHITE, DARK = 255, 64
NEAR_LEVELS = 56  # of 255: what differs from its ground by less is hardly seen
HIDDEN_SHARE = 0.25  # of what can be seen at all
VISIBLE_ALPHA = 16
OPAQUE = (255, 255)
STRAIGHT = {"RGBa": "RGBA", "La": "LA"}
LAID = {"RGBA": "RGB", "LA": "L"}
STEPS = {
    WHITE: "laid over white where it is transparent",
    DARK: "laid over dark grey, as white would hide what is on it",
}


def weighted(image: Image.Image) -> Image.Image:
    """The colours times opacity, so that they may be averaged. Images without transparency are returned as they are."""
    if image.mode in {"RGBA", "LA"}:
        return image.convert("La" if image.mode == "LA" else "RGBa")
    return image


def without_full_alpha(image: Image.Image) -> Image.Image:
    """The picture without an alpha channel that is opaque everywhere, as screenshots often have."""
    if image.mode not in STRAIGHT or image.getchannel(image.getbands()[-1]).getextrema() != OPAQUE:
        return image
    straight = STRAIGHT[image.mode]
    return image.convert(straight).convert(LAID[straight])


def lay_on_ground(image: Image.Image) -> tuple[Image.Image, tuple[str, ...]]:
    """The opaque picture, and the step that says on what it was laid; none if nothing was transparent."""
    if image.mode not in STRAIGHT:
        return image, ()
    straight = image.convert(STRAIGHT[image.mode])
    mode, alpha = LAID[straight.mode], straight.getchannel("A")
    opaque = straight.convert(mode)
    ground = ground_for(opaque, alpha)
    canvas = Image.new("L", image.size, ground).convert(mode)
    canvas.paste(opaque, mask=alpha)
    return canvas, (STEPS[ground],)


def ground_for(image: Image.Image, alpha: Image.Image) -> int:
    visible = alpha.point(lambda value: 255 if value >= VISIBLE_ALPHA else 0)
    hidden_by_white, hidden_by_dark = hidden(image, visible, WHITE), hidden(image, visible, DARK)
    return DARK if hidden_by_white > HIDDEN_SHARE and hidden_by_dark < hidden_by_white / 2 else WHITE


def hidden(image: Image.Image, visible: Image.Image, ground: int) -> float:
    """The share (0 to 1) of what is visible that looks much like the ground, in each of its channels."""
    channels = [ImageChops.difference(one, Image.new("L", image.size, ground)) for one in image.split()]
    differences = reduce(ImageChops.lighter, channels).histogram(visible)
    return sum(differences[:NEAR_LEVELS]) / (sum(differences) or 1)
