"""More than fits into one request: a video or a document in parts, one question each, and one about the answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.core.media.normalized import Normalized
from shared.core.media.picture import Picture
from shared.core.media.place import words_of_place
from shared.core.money.estimate import even_slices

PART_MARKS = {"document": "page numbers", "picture": "places", "video": "times"}
"""How an answer about a part says where something is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a video or a document; `number` counts from 1. It reaches from its first frame, or the start, to the
    first frame of the next part.
    """

    number: int
    of: int
    pictures: tuple[Normalized, ...]
    from_s: float = 0.0
    until_s: float = float("inf")

    @property
    def span(self) -> str:
        pages = pages_of(self.pictures)
        if pages:
            return f"page {pages[0]} to page {pages[-1]}"
        tiles = [item.place.number for item in self.pictures if item.place is not None]
        if tiles:
            return f"part {max(1, tiles[0])} to part {tiles[-1]} of the picture"
        times = times_of(self.pictures)
        return f"{timecode(min(times))} to {timecode(max(times))}"


def pages_of(pictures: Sequence[Normalized]) -> list[int]:
    """The numbers of the pictures' pages in a document; empty for a video."""
    return [item.page for item in pictures if item.page is not None]


def what_of(pictures: Sequence[Normalized]) -> str:
    """What the pictures are of, as a model is told."""
    if pages_of(pictures):
        return "document"
    return "picture" if any(item.place is not None for item in pictures) else "video"


def times_of(pictures: Sequence[Normalized]) -> list[float]:
    return [at_s for item in pictures for at_s in (item.frames_at_s or (item.at_s or 0.0,))]


def split(pictures: Sequence[Normalized], room: int) -> tuple[Part, ...]:
    """The pictures in as few parts as possible, all as nearly equal in length as possible."""
    slices = even_slices(pictures, room)
    starts = [0.0, *(min(times_of(items)) for items in slices[1:]), float("inf")]
    return tuple(
        Part(number=index + 1, of=len(slices), pictures=items, from_s=starts[index], until_s=starts[index + 1])
        for index, items in enumerate(slices)
    )


def ask_part(prompt: str, part: Part) -> str:
    whole = what_of(part.pictures)
    return (
        f"These pictures are part {part.number} of {part.of} of one {whole}, from {part.span}. "
        f"Answer for this part only, with {PART_MARKS[whole]}.\n\n{prompt}"
    )


def ask_whole(prompt: str, parts: Sequence[Part], answers: Sequence[str]) -> str:
    """The question about the whole, with the answers about all parts below it."""
    said = "\n\n".join(
        f"Part {part.number}, {part.span}:\n{answer}" for part, answer in zip(parts, answers, strict=True)
    )
    whole = what_of(parts[0].pictures)
    return (
        f"A {whole} was looked at in {len(parts)} parts. Below are the answers about each part, in order. "
        f"Answer the question about the whole {whole} from them.\n\nQuestion: {prompt}\n\n{said}"
    )


def timecode(at_s: float) -> str:
    """The time in minutes and seconds, "02:05.0"; hours are counted as minutes."""
    tenths = round(at_s * 10)
    return f"{tenths // 600:02}:{tenths % 600 / 10:04.1f}"


def words_before(item: Normalized | Picture) -> str:
    """The words before a picture: its upload's name, its time or page. The model sees the picture, not these."""
    name = f'File "{item.label}"' if item.label else ""
    place = words_of_place(item.place) if item.place else ""
    return ": ".join(filter(None, (name, moment_of(item), place)))


def moment_of(item: Normalized | Picture) -> str:
    if item.frames_at_s:
        return f"Frames at {', '.join(map(timecode, item.frames_at_s))}, in reading order"
    if item.page is not None:
        return f"Page {item.page}"
    return "" if item.at_s is None else f"Frame at {timecode(item.at_s)}"


def with_transcript(prompt: str, transcript: str) -> str:
    return f"{prompt}\n\nWhat is said in the video, with times:\n{transcript}" if transcript else prompt


def transcript_of(part: Part, transcript: str) -> str:
    """The lines of the transcript whose times lie in the part."""
    return "\n".join(line for line in transcript.splitlines() if part.from_s <= time_of(line) < part.until_s)


def time_of(line: str) -> float:
    """The seconds of the timecode in brackets with which a line of a transcript begins."""
    minutes, _, rest = line.removeprefix("[").partition("]")[0].partition(":")
    return int(minutes) * 60 + float(rest)
