"""What is asked and of whom: the values that payload.py turns into a request.

A Question is the same for every endpoint; a Target says which model answers it, where, and through which API version.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from shared.core.ask.options import Options
from shared.core.errors import OptionsInvalid
from shared.core.media.picture import Picture
from shared.core.models.api_versions import V1, ApiVersion
from shared.core.models.catalogue import Detail, Host, Model

WEB_ADDRESS = re.compile(r"(?i)https?://[^\s\"'<>]+")


def check_url(url: str, *, field: str) -> None:
    """Check that this is a web address. Raises OptionsInvalid without repeating the text, which may hold a SAS."""
    if not WEB_ADDRESS.fullmatch(url):
        raise OptionsInvalid("a URL is not an http(s) address", field=field, hint="Write spaces in it as %20.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureLink:
    """A picture that the endpoint fetches itself from a URL, public or with a SAS."""

    url: str = field(repr=False)

    def __post_init__(self) -> None:
        check_url(self.url, field="pictures")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One earlier question of a conversation, with its answer."""

    prompt: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedVideo:
    """One video in an Azure AI Vision retrieval index; `video_url` is its blob's address with a SAS."""

    index_name: str
    document_id: str
    video_url: str = field(repr=False)

    def __post_init__(self) -> None:
        check_url(self.video_url, field="video")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked, the same for every endpoint. No field that comes from options has a default: a builder that
    forgets an option does not compile.

    `turns` are earlier questions and answers; the pictures belong to the first of them, so that what is repeated stays
    the same from its beginning on and the endpoint can charge it as cached.
    """

    prompt: str = field(repr=False)
    system: str = field(repr=False)
    pictures: tuple[Picture | PictureLink, ...] = ()
    turns: tuple[Exchange, ...] = field(default=(), repr=False)
    detail: Detail
    max_output_tokens: int
    schema: dict[str, Any] | None
    ocr: bool
    grounding: bool
    video_index: IndexedVideo | None = None
    temperature: float | None = None
    reasoning_effort: str | None = None

    @property
    def attached(self) -> tuple[Picture, ...]:
        """The pictures whose bytes are in the request."""
        return tuple(picture for picture in self.pictures if isinstance(picture, Picture))

    @classmethod
    def of(
        cls,
        options: Options,
        *,
        pictures: tuple[Picture, ...] = (),
        turns: tuple[Exchange, ...] = (),
        video_index: IndexedVideo | None = None,
    ) -> Question:
        """The question that these options ask about these pictures, or about a video in an index.

        The one builder from options, so that no way of asking forgets one.
        """
        return cls(
            prompt=options.prompt,
            system=options.system or "",
            pictures=pictures,
            turns=turns,
            detail=options.detail,
            max_output_tokens=options.max_output_tokens,
            schema=options.schema,
            ocr=options.ocr,
            grounding=options.grounding,
            video_index=video_index,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Which deployment of which model is asked, and where; `api_version` None is the v1 API.

    `vision_endpoint` and `vision_key` belong to the Vision resource behind ocr, grounding and the video index.
    """

    kind: Host
    base_url: str
    deployment: str
    model: Model
    api_version: str | None = None
    vision_endpoint: str = ""
    vision_key: str = field(default="", repr=False)

    @property
    def api(self) -> str:
        """The API version as results name it: a date, or "v1"."""
        return self.api_version or V1.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """One request without its credentials: the adapter adds the key or token as a header. `notes` are for people."""

    method: str
    url: str
    headers: dict[str, str]
    body: dict[str, Any] = field(repr=False)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question to one target through one API version: what every check looks at."""

    question: Question
    target: Target
    version: ApiVersion

    @property
    def model(self) -> Model:
        return self.target.model

    @property
    def enhanced(self) -> bool:
        question = self.question
        return question.ocr or question.grounding or question.video_index is not None

    @property
    def responses(self) -> bool:
        """Whether the Responses API is asked, which is so only where the model has nothing else."""
        return not self.model.chat_completions
