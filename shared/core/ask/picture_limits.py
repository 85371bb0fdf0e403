"""Whether this model, host and API version take these pictures: where from, how many, which formats, how large.

capabilities.py asks this last, when it is clear that the question itself can be asked.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from shared.core.ask.question import Asked, PictureLink, Target
from shared.core.errors import CapabilityMissing, SourceRejected
from shared.core.models.api_versions import USE_V1
from shared.core.models.catalogue import host_limits

BYTES_ONLY_PORTS = frozenset({11434})  # Ollama never fetches a URL


def check_pictures(asked: Asked) -> None:
    check_places(asked)
    check_count(asked)
    check_formats(asked)
    check_sizes(asked)


def check_places(asked: Asked) -> None:
    """Check that this combination of pictures, enhancements and API version exists. Raises CapabilityMissing."""
    pictures, version = asked.question.pictures, asked.version
    if pictures and version.pictures == "none":
        raise CapabilityMissing(f"API version {version.name} takes no pictures", hint=USE_V1)
    if pictures and asked.question.video_index is not None:
        raise CapabilityMissing(
            "a video prompt holds one video and no pictures", hint="Ask about the pictures in a second question."
        )
    if any(isinstance(picture, PictureLink) for picture in pictures) and (
        version.pictures == "strings" or not fetches_urls(asked.target)
    ):
        raise CapabilityMissing("this endpoint takes pictures as bytes only, not as URLs", hint="Send the bytes.")


def fetches_urls(target: Target) -> bool:
    return urlsplit(target.base_url).port not in BYTES_ONLY_PORTS


def check_count(asked: Asked) -> None:
    count = len(asked.question.pictures)
    if asked.enhanced and count > 1:
        raise CapabilityMissing(
            f"Vision enhancements take one picture per request, not {count}", hint="Ask per picture."
        )
    check_number(count, asked.target)


def check_number(count: int, target: Target) -> None:
    most = host_limits(target.kind).images
    if count > most:
        raise CapabilityMissing(
            f"{count} pictures in one request; this endpoint takes {most}", hint="Send fewer pictures (option frames)."
        )


def check_formats(asked: Asked) -> None:
    """Check that the model takes the pictures' formats. Raises SourceRejected."""
    accepted = asked.model.image_formats
    for picture in asked.question.attached:
        if picture.media_type not in accepted:
            raise SourceRejected(
                f"{asked.model.name} does not take {picture.media_type}",
                code="unsupported",
                hint=f"It takes {', '.join(accepted)}; ./visiondrop normalize makes a JPEG or PNG.",
            )


def check_sizes(asked: Asked) -> None:
    """Check the pictures' sizes in bytes, each and together. Raises SourceRejected."""
    limits = host_limits(asked.target.kind)
    sizes = [len(picture.data) for picture in asked.question.attached]
    largest, encoded = max(sizes, default=0), sum(4 * -(-size // 3) for size in sizes)
    for size, most, what in (
        (largest, limits.image_bytes, "a picture"),
        (encoded, limits.request_bytes, "the pictures together, as base64,"),
    ):
        if most is not None and size > most:
            raise SourceRejected(
                f"{what} of {size:,} bytes; this endpoint takes {most:,}",
                code="too_large",
                hint="Use detail low or high, so that pictures are sent smaller.",
            )
