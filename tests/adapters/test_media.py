"""One picture value from decoder to payload, looked at once at the door and once where it is decoded."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from shared.adapters.media import MediaReader
from shared.core.ask.options import Options
from shared.core.errors import SourceRejected
from shared.core.media.picture import Picture
from shared.core.models.catalogue import look_up_model
from shared.pipeline.ports import SourceFile
from tests.pictures import encoded, quarters
from tests.videos import clip

ROOT = Path(__file__).parents[2]
MODEL = look_up_model("gpt-4o")
OPTIONS = Options(prompt="What is this?", model="eyes", detail="high", max_output_tokens=100)
DOORS = {
    "shared/pipeline/accept_steps.py": 1,  # a drop
    "shared/pipeline/uploads.py": 1,  # a body that comes by HTTP
    "shared/pipeline/pictures.py": 1,  # a stored file that is shown to people
    "shared/adapters/pixels/open.py": 1,  # the child that decodes pictures; and it names the file that it refuses
    "shared/adapters/frames/open.py": 1,  # the child that decodes videos
}


@pytest.fixture(scope="module")
def media():
    reader = MediaReader()
    yield reader
    reader.close()


class Reads:
    """An upload that counts what is asked of it."""

    def __init__(self, data):
        self.data = data
        self.asked = []

    def fetch(self, at, size):
        self.asked.append((at, size))
        return self.data[at : at + size]

    @property
    def file(self):
        return SourceFile(size=len(self.data), fetch=self.fetch)


def test_files_are_looked_at_in_few_places():
    """Once at each door and once in each child: a stage in between takes the media type it is given."""
    found = Counter(
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "shared").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "sniff"
    )
    assert found == DOORS


def test_a_picture_is_read_once(media):
    """What the door has found out is passed on: the reader fetches the picture whole, and nothing before."""
    upload = Reads(encoded(quarters(), "PNG"))
    ready = media.prepare(upload.file, is_video=False, model=MODEL, options=OPTIONS)

    assert upload.asked == [(0, len(upload.data))]
    assert [type(one) for one in ready.pictures] == [Picture]


def test_a_video_gives_the_same_value(media):
    """Frames, contact sheets and the poster are pictures like any other, with their moments and how they were made."""
    upload = Reads(clip(20))
    ready = media.prepare(upload.file, is_video=True, model=MODEL, options=OPTIONS)

    assert {type(one) for one in (*ready.pictures, ready.poster)} == {Picture}
    assert all(one.at_s is not None and one.encoding for one in ready.pictures)


@pytest.mark.parametrize(
    ("data", "is_video"), [(clip(5), False), (encoded(quarters(), "PNG"), True)], ids=["film", "PNG"]
)
def test_the_child_does_not_trust_the_door(media, data, is_video):
    """Sent to the wrong decoder, a file is refused by what its bytes are."""
    with pytest.raises(SourceRejected) as caught:
        media.prepare(Reads(data).file, is_video=is_video, model=MODEL, options=OPTIONS)
    assert caught.value.code == "unsupported"
