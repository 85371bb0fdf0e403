"""The table of ways of looking at films: every mode has every part, and each part is used where the table says."""

from __future__ import annotations

import dataclasses

import pytest

from shared.core.ask.option_rows import VideoMode
from shared.core.errors import CapabilityMissing
from shared.pipeline.questions import rerun
from shared.pipeline.video_modes import VideoActions, video_actions
from tests.videos import clip


@pytest.mark.parametrize("mode", VideoMode)
def test_every_mode_has_every_part(mode):
    """The type checker holds this too: a mode without its case, or without a part, does not compile."""
    actions = video_actions(mode)

    assert all(getattr(actions, part.name) is not None for part in dataclasses.fields(VideoActions))
    assert all(part.default is dataclasses.MISSING for part in dataclasses.fields(VideoActions))


def test_modes_share_no_answer():
    """Two modes that did all the same would be one."""
    answers = {video_actions(mode).answer for mode in VideoMode}

    assert len(answers) == len(VideoMode)


@pytest.mark.slow
def test_a_mode_that_cannot_be_is_refused_at_once(world):
    """A film that was asked about by its frames is not sent to an index that is not there."""
    film = world.answer("v.mp4", clip(), max_output_tokens="4000")
    with pytest.raises(CapabilityMissing) as refused:
        rerun(world.services, film.job_id, {"video": VideoMode.INDEX}, key=None)

    assert "AZURE_VISION_ENDPOINT" in refused.value.message
