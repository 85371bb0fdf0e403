"""Every decoder error becomes a SourceRejected with a documented code, so that `accept` sees no other."""

from __future__ import annotations

import struct
import warnings
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

from PIL import Image, ImageCms, UnidentifiedImageError

from shared.core.errors import SourceRejected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.core.media.kinds import Kind

LEAST_SHARE = 0.5
LOWER_PART = "the lower {} of the picture is missing"
UPPER_PART = "the upper {} of the picture is missing"
ALL_OVER = "{} of the pixels are missing"
DECODER_ERRORS = (
    OSError,
    ValueError,
    SyntaxError,
    RuntimeError,
    EOFError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    struct.error,
    zlib.error,
    ImageCms.PyCMSError,
)
"""What Pillow 13 and pillow-heif 1.8 were seen to raise on broken files; bench/fuzz_normalize.py keeps it honest."""


def nothing_else() -> str:
    """The usual answer, "", to the question what else than damage may be the matter."""
    return ""


@contextmanager
def decoder_errors(kind: Kind, what_else: Callable[[], str] = nothing_else) -> Iterator[None]:
    """A context in which decoders' errors become SourceRejected; the message names the format, not the decoder's own
    words.

    `what_else` looks for what a decoder may not know, which it reports like damage; "" if there is nothing of the
    kind.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # decoders warn about what is either harmless or rejected here
            yield
    except SourceRejected:
        raise
    except Image.DecompressionBombError as error:
        raise too_large(kind, "has more pixels than allowed") from error
    except MemoryError as error:
        raise too_large(kind, "needs more memory to decode than allowed") from error
    except DECODER_ERRORS as error:
        if words := what_else():
            raise not_read(kind, words) from error
        is_unknown = isinstance(error, UnidentifiedImageError)
        raise corrupt(kind, "its header cannot be read" if is_unknown else type(error).__name__) from error


def too_large(kind: Kind, why: str) -> SourceRejected:
    return SourceRejected(f"the {kind.label} {why}", code="too_large", hint="Upload a smaller copy.")


def corrupt(kind: Kind, why: str) -> SourceRejected:
    return SourceRejected(
        f"the {kind.label} is damaged ({why})", code="corrupt", hint="Open it in a viewer and save it again."
    )


def damage_of(kind: Kind, share: float, words: str = LOWER_PART) -> str:
    """What to say of a damaged picture of which this share (0 to 1) is there. Raises SourceRejected below half."""
    if share < LEAST_SHARE:
        raise corrupt(kind, "less than half of it is there")
    return words.format(f"{max(1 - share, 0.01):.0%}")


def not_read(kind: Kind, what: str, hint: str = "") -> SourceRejected:
    """The error for a good file of which something is not understood here; `what` follows the name of its format."""
    usual = "Save it as JPEG or PNG, and upload that."
    return SourceRejected(f"{kind.label} {what} is not read here", code="unsupported", hint=hint or usual)
