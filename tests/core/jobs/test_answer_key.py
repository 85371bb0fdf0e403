"""The answer's key: everything that is sent changes it, and nothing else does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.core.ask.option_rows import OPTION_ROWS, VideoMode
from shared.core.ask.options import Options
from shared.core.ask.question import Exchange, Target
from shared.core.jobs.answer_key import Film, Sent, answer_key
from shared.core.media.normalized import Normalized
from shared.core.models.catalogue import look_up_model
from tests.core.ask.test_option_rows import OTHER_VALUES

FRAMES = tuple(
    Normalized(name=f"job/{n:03}.jpg", media_type="image/jpeg", width=8, height=6, bytes=9, sha256=f"{n:064}", at_s=n)
    for n in range(3)
)
SHEET = replace(FRAMES[0], at_s=None, frames_at_s=(0.0, 1.0))
SOUND = Normalized(
    name="job/sound-000.mp3",
    media_type="audio/mpeg",
    width=0,
    height=0,
    bytes=9,
    sha256="f" * 64,
    at_s=0.0,
    duration_s=300.0,
    role="sound",
)
TWO_FIELDS = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}}
OTHER_ORDER = {"type": "object", "properties": {"b": {"type": "string"}, "a": {"type": "string"}}}
SENT = Sent(
    options=Options(prompt="What?", model="eyes", detail="low", max_output_tokens=100, schema=TWO_FIELDS),
    target=Target(kind="azure", base_url="https://a.b", deployment="eyes", model=look_up_model("gpt-5.1")),
    pictures=FRAMES,
    sound=(SOUND,),
    transcriber="ears",
    turns=(Exchange(prompt="Where?", answer="There."),),
)
FILM = Film(index_name="films", bytes=1000, duration_s=60.0)


def frame(n: int, **changes: Any) -> dict[str, Any]:
    return {"pictures": (*FRAMES[:n], replace(FRAMES[n], **changes), *FRAMES[n + 1 :])}


CHANGING: dict[str, dict[str, Any]] = {
    "a picture's bytes": frame(1, sha256="a" * 64),
    "a picture's moment": frame(1, at_s=1.5),
    "all moments: the film runs slower": {"pictures": [replace(one, at_s=(one.at_s or 0) * 60) for one in FRAMES]},
    "a still instead of a frame": frame(1, at_s=None),
    "a sheet's moments": {"pictures": (replace(SHEET, frames_at_s=(0.0, 2.0)),)},
    "a sheet's moments in another order": {"pictures": (replace(SHEET, frames_at_s=(1.0, 0.0)),)},
    "a sheet instead of a frame": {"pictures": (SHEET,)},
    "a picture's label": frame(1, label="b.jpg"),
    "a picture's type": frame(1, media_type="image/png"),
    "the order of the pictures": {"pictures": FRAMES[::-1]},
    "one picture less": {"pictures": FRAMES[:2]},
    "a picture twice": {"pictures": (*FRAMES, FRAMES[0])},
    "no pictures": {"pictures": ()},
    "the sound": {"sound": (replace(SOUND, sha256="a" * 64),)},
    "where a piece of sound begins": {"sound": (replace(SOUND, at_s=300.0),)},
    "how long a piece of sound is": {"sound": (replace(SOUND, duration_s=299.0),)},
    "no sound": {"sound": ()},
    "a sound among the pictures": {"pictures": (*FRAMES, SOUND), "sound": ()},
    "who writes the sound down": {"transcriber": "other ears"},
    "nobody who writes the sound down": {"transcriber": None},
    "what was asked before": {"turns": (Exchange(prompt="When?", answer="There."),)},
    "what was answered before": {"turns": (Exchange(prompt="Where?", answer="Here."),)},
    "no conversation": {"turns": ()},
    "the conversation twice": {"turns": (*SENT.turns, *SENT.turns)},
    "the deployment": {"target": replace(SENT.target, deployment="other")},
    "the model behind the deployment": {"target": replace(SENT.target, model=look_up_model("gpt-4o"))},
    "the kind of endpoint": {"target": replace(SENT.target, kind="openai")},
    "the API version": {"target": replace(SENT.target, api_version="2025-04-01-preview")},
    "the order of the schema's fields": {"options": replace(SENT.options, schema=OTHER_ORDER)},
    "a film in an index": {"film": FILM},
    **{
        f"option {row.name}": {"options": replace(SENT.options, **{row.name: OTHER_VALUES[row.name]})}
        for row in OPTION_ROWS
        if row.in_key
    },
}

SAME: dict[str, dict[str, Any]] = {
    "where the pictures are stored": {"pictures": [replace(one, name=f"other/{one.name}") for one in FRAMES]},
    "where the sound is stored": {"sound": (replace(SOUND, name="other/sound-000.mp3"),)},
    "a list instead of a tuple": {"pictures": list(FRAMES)},
    "another address of the same deployment": {"target": replace(SENT.target, base_url="https://c.d")},
    "the Vision resource's key": {"target": replace(SENT.target, vision_key="made-up")},
    **{
        f"option {row.name}": {"options": replace(SENT.options, **{row.name: OTHER_VALUES[row.name]})}
        for row in OPTION_ROWS
        if not row.in_key and row.holder == "file"
    },
}


@pytest.mark.parametrize("what", CHANGING)
def test_what_is_sent_changes_the_key(what):
    """Another question is never answered with this one's answer."""
    assert answer_key(replace(SENT, **CHANGING[what])) != answer_key(SENT)


def test_no_two_changes_share_a_key():
    """What is said in one place cannot stand for the same said in another."""
    keys = [answer_key(replace(SENT, **changes)) for changes in CHANGING.values()]

    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("what", SAME)
def test_what_is_not_sent_leaves_the_key(what):
    """The same question about the same pixels is paid once."""
    assert answer_key(replace(SENT, **SAME[what])) == answer_key(SENT)


FILMS = [replace(FILM, index_name="other"), replace(FILM, bytes=1001), replace(FILM, duration_s=3600.0)]


@pytest.mark.parametrize("film", FILMS, ids=["index", "size", "length"])
def test_a_film_in_an_index_is_told_by_its_size_and_length(film):
    """Its frames alone may be another film's; how long it is, is told to the model by the service."""
    asked = replace(SENT, options=replace(SENT.options, video=VideoMode.INDEX), film=FILM)

    assert answer_key(replace(asked, film=film)) != answer_key(asked)
