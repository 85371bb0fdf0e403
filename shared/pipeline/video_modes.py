"""The ways of looking at a film: what each does at every station of a job, in one table.

No part has a default and the match below has no way out, so that a new VideoMode without all parts does not compile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from shared.core.ask.option_rows import VideoMode
from shared.core.ask.options import Options
from shared.core.ask.payload import Target
from shared.core.jobs.job import Job
from shared.core.money.estimate import NO_WORK, Work
from shared.pipeline.ask import Answered, options_of
from shared.pipeline.ports import Prepared, Services, SourceFile, Stored
from shared.pipeline.spending.estimate import frames_work, index_work, later_index_work
from shared.pipeline.stored_media import Made, film_for_browsers, film_for_index, no_sound, sound_for_transcript
from shared.pipeline.video import answer_from_frames
from shared.pipeline.video_index import answer_from_index, check_index

Make = Callable[[Services, Job, SourceFile, Prepared], Made]


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoActions:
    """What one video mode does at each station of a job.

    Before anything is made, `check` raises where the mode cannot do what is asked. `sound` and `film` make what is
    stored beside the frames. `work` is what the estimate counts for the first question, `later_work` for one that is
    asked about the film of an earlier job. `answer` is the answer to the job. `sends_film` says that the service reads
    the film itself, so that the film belongs to what is sent.
    """

    check: Callable[[Services, Options, Target], None]
    sound: Make
    film: Make
    work: Callable[[Services, Job], Work]
    later_work: Callable[[Services, Job, Job], Work]
    answer: Callable[[Services, Stored], tuple[Stored, Answered]]
    sends_film: bool


FRAMES_ACTIONS = VideoActions(
    check=lambda _services, _options, _target: None,
    sound=sound_for_transcript,
    film=film_for_browsers,
    work=frames_work,
    later_work=lambda services, job, _parent: frames_work(services, job),
    answer=answer_from_frames,
    sends_film=False,
)
INDEX_ACTIONS = VideoActions(
    check=check_index,
    sound=no_sound,
    film=film_for_index,
    work=index_work,
    later_work=later_index_work,
    answer=answer_from_index,
    sends_film=True,
)


def video_actions(mode: VideoMode) -> VideoActions:
    """What this mode does at each station."""
    match mode:
        case VideoMode.FRAMES:
            return FRAMES_ACTIONS
        case VideoMode.INDEX:
            return INDEX_ACTIONS
        case _:
            assert_never(mode)


def answer_video(services: Services, stored: Stored) -> tuple[Stored, Answered]:
    """The answer to a job about a film, in its mode."""
    return video_actions(options_of(stored.job).video).answer(services, stored)


def work_of(services: Services, job: Job, parent: Job | None = None) -> Work:
    """The work that is paid for beside showing pictures; of a film that was asked about before, only what is left to
    do.
    """
    if job.source.kind != "video":
        return NO_WORK
    actions = video_actions(options_of(job).video)
    return actions.work(services, job) if parent is None else actions.later_work(services, job, parent)
