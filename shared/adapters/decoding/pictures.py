"""Pictures on the pipe from a decoding child to its parent: one JSON message with their facts, then their bytes."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import IO, TYPE_CHECKING, Any

from shared.adapters.decoding.believed import believed
from shared.adapters.decoding.wire import BLOCK_BYTES, Nonsense, receive_block, send
from shared.core.codec import to_json
from shared.core.media.decode_limits import MEGABYTE
from shared.core.media.picture import Picture

if TYPE_CHECKING:
    from collections.abc import Sequence

SENT_TYPES = frozenset({"image/jpeg", "image/png"})
MOST_PICTURES = 1_000
PICTURES_BYTES = 256 * MEGABYTE  # of all pictures of a file: they are in memory together, and a request takes 50 MB


def send_pictures(replies: IO[bytes], pictures: Sequence[Picture], **more: Any) -> None:
    """In the child: send the pictures; `more` goes into the same message."""
    send(replies, {"pictures": [facts(one) for one in pictures], **more}, [one.data for one in pictures])


def receive_pictures(replies: IO[bytes], message: dict[str, Any]) -> tuple[Picture, ...]:
    """In the parent: the pictures of a message that has just come. Raises Nonsense for anything else."""
    described = message.get("pictures")
    if not isinstance(described, list) or not 0 < len(described) <= MOST_PICTURES:
        raise Nonsense("it has no pictures, or more than any file gives")
    pictures, left = [], PICTURES_BYTES
    for one in map(picture_of, described):
        data = receive_block(replies, limit=min(left, BLOCK_BYTES))
        left -= len(data)
        pictures.append(replace(one, data=data))
    return tuple(pictures)


def picture_of(described: object) -> Picture:
    """The picture that a message describes, without its bytes. Raises Nonsense for what is not a picture."""
    if not isinstance(described, dict):
        raise Nonsense("a picture is not described by a JSON object")
    picture = believed(Picture, {**described, "data": b""})
    if picture.media_type not in SENT_TYPES or not picture.width or not picture.height:
        raise Nonsense("a picture has a type or size that is never sent")
    return picture


def facts(picture: Picture) -> dict[str, Any]:
    return {field.name: to_json(getattr(picture, field.name)) for field in fields(picture) if field.name != "data"}
