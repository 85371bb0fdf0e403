"""The effective options of one job: checked, merged layer by layer, then frozen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.core.ask.fields import shown
from shared.core.ask.option_rows import FILE_OPTIONS, OPTIONS, VideoMode
from shared.core.errors import OptionsInvalid
from shared.core.media.frame_plan import Sampling
from shared.core.media.tiles import Tiles
from shared.core.models.catalogue import Detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The effective options of one job. `model` is a deployment's name, `schema` a JSON Schema.

    `camera_id` and `recorded_at` go with a video into the index: searches can be narrowed by them.
    """

    prompt: str
    system: str | None = None
    model: str
    detail: Detail
    max_output_tokens: int
    schema: dict[str, Any] | None = None
    ocr: bool = False
    grounding: bool = False
    video: VideoMode = VideoMode.FRAMES
    frames: int | None = None
    sampling: Sampling = "even"
    contact_sheet: bool = False
    tiles: Tiles = "auto"
    camera_id: str | None = None
    recorded_at: str | None = None
    query: str | None = None
    reuse: bool = True


def effective(layers: Iterable[Mapping[str, Any]], *, defaults: Options) -> Options:
    """The options of one file: `layers` come strongest first; what none of them says is taken from `defaults`."""
    fields = {name: getattr(defaults, name) for name in FILE_OPTIONS}
    for layer in reversed(list(layers)):
        fields.update(layer)
    return Options(**fields)


def check_options(given: Mapping[str, Any], *, where: str) -> dict[str, Any]:
    """The given options as they are stored. Raises OptionsInvalid naming the first wrong one."""
    for name in given:
        if name not in FILE_OPTIONS:
            hint = f"Use one of: {', '.join(FILE_OPTIONS)}."
            raise OptionsInvalid(f"{where} has an unknown option {shown(name)}", field=name, hint=hint)
    return {name: check_option(name, value, where=where) for name, value in given.items()}


def check_option(name: str, value: Any, *, where: str) -> Any:
    """The option's value as it is stored. Raises OptionsInvalid saying what to give instead."""
    field = OPTIONS[name].field
    if not field.check(value):
        raise OptionsInvalid(f"{where}: {name} is {shown(value)}", field=name, hint=f"Give {field.expected}.")
    return field.keep(value)
