"""Pictures for people: what the model got to see, small previews of it, and the uploads themselves."""

from __future__ import annotations

from dataclasses import dataclass

from shared.core.errors import MediaUnsupported, NotFound
from shared.core.media.kinds import HEAD_BYTES, sniff
from shared.core.places import NORMALIZED, UPLOADS
from shared.pipeline.ports import Services, Upload

THUMBNAIL_SUFFIX = ".thumb.jpg"
THUMBNAIL_TYPE = "image/jpeg"
WHERE_NAMED = {
    NORMALIZED: "A result names its pictures in normalized.",
    UPLOADS: "A result names its upload in source.name; the upload may be gone by now.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A stored file to be sent to people; `media_type` is told from its bytes, whatever the uploader said."""

    blob: Upload
    media_type: str


def look_up_file(services: Services, container: str, name: str) -> File:
    blob = services.blobs.describe(container, name)
    if blob is None:
        raise NotFound(f"there is no {name!r} in {container!r}", hint=WHERE_NAMED[container])
    head = read_part(services, blob, 0, min(blob.bytes, HEAD_BYTES) - 1) if blob.bytes else b""
    return File(blob=blob, media_type=sniff(head).media_type)


def read_part(services: Services, blob: Upload, first: int, last: int) -> bytes:
    return services.blobs.read(blob.container, blob.name, etag=blob.etag, part=(first, last))


def thumbnail(services: Services, name: str) -> bytes:
    """A small JPEG of a picture, made when it is first asked for and kept beside the picture. Raises NotFound, or
    MediaUnsupported for what is not a picture.

    The name of a thumbnail gives that thumbnail, so that no thumbnail is made of a thumbnail.
    """
    kept = name if name.endswith(THUMBNAIL_SUFFIX) else name + THUMBNAIL_SUFFIX
    try:
        return services.blobs.read(NORMALIZED, kept)
    except NotFound:
        file = look_up_file(services, NORMALIZED, name)
    if not file.media_type.startswith("image/"):  # films and sound are normalized too
        hint = "Ask for it without thumb; a video's picture is the one with the role poster."
        raise MediaUnsupported(f"{name!r} is {file.media_type}, not a picture", hint=hint)
    small = services.media.thumbnail(services.blobs.read(NORMALIZED, name))
    services.blobs.write(NORMALIZED, kept, small, media_type=THUMBNAIL_TYPE, overwrite=True)
    return small
