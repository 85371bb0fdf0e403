"""Pictures on the pipe from a decoding child to its parent: one JSON message with their facts, then their bytes."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import IO, TYPE_CHECKING, Any

from shared.adapters.decoding.wire import receive_block, send
from shared.core.codec import from_json
from shared.core.media.picture import Picture

if TYPE_CHECKING:
    from collections.abc import Sequence


def send_pictures(replies: IO[bytes], pictures: Sequence[Picture], **more: Any) -> None:
    """In the child. `more` goes into the same message."""
    send(replies, {"pictures": [facts(one) for one in pictures], **more}, [one.data for one in pictures])


def receive_pictures(replies: IO[bytes], message: dict[str, Any]) -> tuple[Picture, ...]:
    """In the parent: the pictures of a message that has just come."""
    return tuple(
        replace(from_json(Picture, {**one, "data": b""}), data=receive_block(replies)) for one in message["pictures"]
    )


def facts(picture: Picture) -> dict[str, Any]:
    return {field.name: getattr(picture, field.name) for field in fields(picture) if field.name != "data"}
