"""From an upload's bytes to what the pipeline stores and sends: chooses the reader by what the bytes are."""

from __future__ import annotations

from shared.adapters.pixels_worker import PixelWorker
from shared.adapters.thumbnail import make_thumbnail
from shared.core.models import Model
from shared.core.normalised import NormalisedImage
from shared.core.options import Options
from shared.core.result import Plan
from shared.pipeline.ports import Prepared, Rendered


class MediaReader:
    """The port `Media`."""

    def __init__(self) -> None:
        self.pixels = PixelWorker()

    def close(self) -> None:
        """Ends the child process that decodes; a functions worker keeps it for life."""
        self.pixels.close()

    def prepare(self, data: bytes, *, model: Model, options: Options) -> Prepared:
        return from_image(
            self.pixels.normalise_image(data, model=model, detail=options.detail, max_images=options.frames)
        )

    def thumbnail(self, data: bytes) -> bytes:
        return make_thumbnail(data)


def from_image(image: NormalisedImage) -> Prepared:
    info = image.info
    return Prepared(
        kind="image",
        format=info.kind.format,
        width=info.width,
        height=info.height,
        orientation=info.orientation,
        frames=info.frames,
        duration_s=info.duration_s,
        pictures=tuple(
            Rendered(
                data=output.data,
                media_type=output.media_type,
                width=output.width,
                height=output.height,
                at_s=output.at_s,
            )
            for output in image.outputs
        ),
        plan=Plan(steps=(*image.steps, *image.notes)),
        partial=image.partial,
    )
