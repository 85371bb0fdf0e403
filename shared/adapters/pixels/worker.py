"""Normalizes pictures in a child process that is killed when one of them takes too much time or memory, and that may
crash without taking the app down.

`accept` uses this instead of pixels/normalize.py: C decoders cannot be interrupted or capped in-process. One child
serves one picture at a time, which also keeps the sum of their memory under the limit; it lives on to the next picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.adapters.decoding.believed import believed
from shared.adapters.decoding.capped_child import CappedChild, answer
from shared.adapters.decoding.pictures import receive_pictures
from shared.adapters.decoding.wire import send
from shared.core.codec import to_json
from shared.core.errors import VisiondropError
from shared.core.media.decode_limits import Load, check_source
from shared.core.media.picture import NormalizedImage
from shared.core.media.picture_plan import ImageInfo, plan_image

if TYPE_CHECKING:
    from shared.core.models.catalogue import Detail, Model

CHILD = "shared.adapters.pixels.child"


class PixelWorker(CappedChild):
    module = CHILD

    def normalize_image(
        self, data: bytes, *, model: Model, detail: Detail, max_images: int | None = None
    ) -> NormalizedImage:
        """The picture's facts and the pictures to send. Raises SourceRejected, with code "too_slow" past
        `limits.max_seconds`, or DecoderBusy if that may pass.
        """
        check_source(Load(bytes=len(data)), self.limits)
        with self.lock, self.running_child() as (requests, replies):
            send(requests, {"limits": to_json(self.limits)}, [data])
            info = believed(ImageInfo, answer(replies).get("info"))
            try:
                plan = plan_image(info, model=model, detail=detail, max_images=max_images)
                check_source(Load(bytes=info.bytes, decode_bytes=plan.decode_bytes), self.limits)
            except VisiondropError:
                send(requests, {"plan": None})
                raise
            send(requests, {"plan": to_json(plan)})
            pictures = receive_pictures(replies, answer(replies))
        return NormalizedImage(info=info, plan=plan, pictures=pictures)
