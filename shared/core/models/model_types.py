"""The shape of a model row: how it counts pictures and what its API accepts. model_rows.py holds the rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shared.core.models.image_rules import ImageRule

Host = Literal["azure", "openai", "offline"]
RuleStatus = Literal["measured", "documented", "inferred", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model version. Tokens are counts; `aliases` are other names the same version answers to."""

    name: str
    aliases: tuple[str, ...] = ()
    image_rule: ImageRule | None  # None: nobody has published how it counts a picture
    image_rule_status: RuleStatus
    image_rule_sources: tuple[str, ...] = ()
    chat_completions: bool = True
    responses_api: bool = True  # neither of the two: Images API only
    token_limit_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"  # noqa: S105 - counts words, no secret
    temperature: bool = True
    temperature_with_effort_none: bool = False  # sampling parameters accepted only with reasoning effort `none`
    reasoning_efforts: tuple[str, ...] = ()
    default_effort: str | None = None  # None: not published, or no reasoning model
    system_role: Literal["system", "developer"] = "system"
    json_schema: bool = False  # structured output, with pictures in the request too
    json_mode_with_images: bool = True
    enhancements: bool = False  # Azure's OCR, grounding and video index
    azure_default_max_tokens: int | None = None  # what Azure uses when the request sets no limit
    max_images: int = 50  # the strictest host; host_limits() knows both
    max_image_bytes: int = 20 * 1024 * 1024
    max_input_tokens: int | None  # the smaller one where OpenAI and Azure differ; None: not published
    max_output_tokens: int | None
    image_formats: tuple[str, ...] = ("image/jpeg", "image/png", "image/gif", "image/webp")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostLimits:
    """What one host takes per request. None: no number is published."""

    documented_images: int
    measured_images: int | None
    image_bytes: int | None
    request_bytes: int | None
    sources: tuple[str, ...]

    @property
    def images(self) -> int:
        return self.measured_images or self.documented_images
