"""What normalising a picture gives: the pictures to send, and what there is to say about how they came to be."""

from __future__ import annotations

from dataclasses import dataclass

from shared.core.media.picture_plan import ImageInfo, ImagePlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """One picture to send. `at_s` is its moment within an animation, `damage` what was missing of it ("" = nothing)."""

    data: bytes
    media_type: str
    width: int
    height: int
    index: int
    at_s: float | None
    encoding: str
    damage: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalisedImage:
    info: ImageInfo
    plan: ImagePlan
    outputs: tuple[Rendered, ...]

    @property
    def partial(self) -> bool:
        """Part of the source is missing or damaged, and the rest was used; `notes` say it in words."""
        return len(self.outputs) < len(self.plan.frames) or any(output.damage for output in self.outputs)

    @property
    def notes(self) -> tuple[str, ...]:
        lost = len(self.plan.frames) - len(self.outputs)
        frames = (f"the last {lost} of {len(self.plan.frames)} chosen frames are damaged",) if lost else ()
        return (*self.info.notes, *frames, *dict.fromkeys(output.damage for output in self.outputs if output.damage))

    @property
    def steps(self) -> tuple[str, ...]:
        """Provenance for the result document: the plan's steps and how the pictures were encoded."""
        return (*self.plan.steps, *(f"encoded as {how}" for how in dict.fromkeys(o.encoding for o in self.outputs)))
