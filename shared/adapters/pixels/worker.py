"""Normalizes pictures in a child process that is killed when one of them takes too much time or memory, and that may
crash without taking the app down.

`accept` uses this instead of pixels/normalize.py: C decoders cannot be interrupted or capped in-process. One child
serves one picture at a time, which also keeps the sum of their memory under the limit; it lives on to the next picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from shared.adapters.decoding.believed import believed
from shared.adapters.decoding.capped_child import CappedChild, answer
from shared.adapters.decoding.pictures import receive_pictures
from shared.adapters.decoding.wire import Nonsense, send
from shared.adapters.pixels.tiled import normalize_by
from shared.core.codec import to_json
from shared.core.errors import VisiondropError
from shared.core.media.decode_limits import Load, check_source
from shared.core.media.picture_plan import ImageInfo
from shared.core.media.tile_choice import PictureRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.core.media.picture import NormalizedImage, Picture
    from shared.core.media.picture_plan import FramePlan, ImagePlan
    from shared.core.media.tiles import PageTiles, Tiles
    from shared.core.models.catalogue import Detail, Model

CHILD = "shared.adapters.pixels.child"


class PixelWorker(CappedChild):
    module = CHILD

    def normalize_image(
        self,
        data: bytes,
        *,
        model: Model,
        detail: Detail,
        max_images: int | None = None,
        tiles: Tiles = "auto",
    ) -> NormalizedImage:
        """The picture's facts and the pictures to send. Raises SourceRejected, with code "too_slow" past
        `limits.max_seconds`, or DecoderBusy if that may pass.
        """
        check_source(Load(bytes=len(data)), self.limits)
        request = PictureRequest(model=model, detail=detail, max_images=max_images, tiles=tiles)
        with self.lock, self.running_child() as (requests, replies):
            send(requests, {"limits": to_json(self.limits)}, [data])
            info = believed(ImageInfo, answer(replies).get("info"))
            reader = RemoteDecoder(requests, replies)
            try:
                image = normalize_by(reader, info, request, self.limits)
            except VisiondropError:
                reader.end()
                raise
            reader.end()
        return image


class RemoteDecoder:
    """Has the child read pages of the file that it holds: a PageReader."""

    def __init__(self, requests: IO[bytes], replies: IO[bytes]) -> None:
        self.requests, self.replies = requests, replies
        self.is_open = True

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """The child's answer. Raises SourceRejected where it refuses the file, which it then has put away."""
        send(self.requests, request)
        self.is_open = False
        reply = answer(self.replies)
        self.is_open = True
        return reply

    def render(self, plan: ImagePlan) -> tuple[Picture, ...]:
        return receive_pictures(self.replies, self.ask({"plan": to_json(plan)}))

    def measure(self, frames: Sequence[FramePlan]) -> tuple[float, ...]:
        reply = self.ask({"measure": [to_json(one) for one in frames]})
        texts = believed(Texts, {"em_px": reply.get("em_px")})
        if len(texts.em_px) != len(frames):
            raise Nonsense("it has measured another number of pages")
        return texts.em_px

    def cut(self, pages: Sequence[PageTiles], plan: ImagePlan) -> tuple[Picture, ...]:
        reply = self.ask({"plan": to_json(plan), "cut": [to_json(one) for one in pages]})
        return receive_pictures(self.replies, reply) if reply.get("pictures") else ()

    def end(self) -> None:
        if self.is_open:
            send(self.requests, {"plan": None})


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """The em of the text of pages, in pixels."""

    em_px: tuple[float, ...]
