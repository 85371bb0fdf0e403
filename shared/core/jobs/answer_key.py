"""The key under which an answer is kept: copies, renamed files and repeated drops that ask the same share it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared.core.ask.option_rows import OPTION_ROWS
from shared.core.ask.options import Options
from shared.core.ask.parts import words_before
from shared.core.ask.question import Exchange, Target
from shared.core.codec import to_json
from shared.core.media.normalized import Normalized


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """A film that the service reads itself, by way of an index. It is identified by its size and length, not by a
    hash.
    """

    index_name: str
    bytes: int
    duration_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Everything that a job sends: its options, its pictures and sound in order, and the target.

    `transcriber` is the deployment that transcribes the sound; None where there is no sound, or no such deployment.
    """

    options: Options
    target: Target
    pictures: Sequence[Normalized] = ()
    sound: Sequence[Normalized] = ()
    transcriber: str | None = None
    turns: Sequence[Exchange] = ()
    film: Film | None = None


def answer_key(sent: Sent) -> str:
    """The SHA-256, in hexadecimal, of everything in a request that the answer may depend on, in the order in which it
    is sent.

    What only says where a file lies, how its pictures were chosen, or what may be spent is not part of it.
    """
    question = {
        "options": {row.name: to_json(getattr(sent.options, row.name)) for row in OPTION_ROWS if row.in_key},
        "target": target_of_key(sent.target),
        "pictures": [of_item(item) for item in sent.pictures],
        "sound": [of_item(item) for item in sent.sound],
        "transcriber": sent.transcriber,
        "turns": to_json(tuple(sent.turns)),
        "film": to_json(sent.film),
    }
    return hashlib.sha256(json.dumps(question, ensure_ascii=False).encode()).hexdigest()


def target_of_key(target: Target) -> list[str]:
    """The model whose rules hold, the deployment that is asked, and the form of the API."""
    return [target.model.name, target.kind, target.deployment, target.api]


def of_item(item: Normalized) -> list[Any]:
    """What the key holds of one picture or piece of sound: for a picture the words before it (its label and moments),
    its bytes and type; for sound its start and length.
    """
    return [words_before(item), item.sha256, item.media_type, item.at_s, item.duration_s]
