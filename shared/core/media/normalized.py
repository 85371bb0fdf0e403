"""What is stored of a picture that a model gets: the record, never the bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shared.core.media.place import PagePlace


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalized:
    """One picture as the model gets it; `name` is its blob in the container `normalized`.

    `page` is its number in a document, from 1. `at_s` is its moment in a video; a contact sheet has those of all its
    frames in `frames_at_s`, in reading order. `place` tells the parts of a cut page, and the whole of it, apart.
    Things beside the pictures (Job.media) say in `role` what they are.
    """

    name: str
    media_type: str
    width: int
    height: int
    bytes: int
    sha256: str = ""
    page: int | None = None
    at_s: float | None = None
    label: str | None = None
    frames_at_s: tuple[float, ...] = ()
    place: PagePlace | None = None
    duration_s: float | None = None
    role: Literal["picture", "poster", "video", "sound"] = "picture"
