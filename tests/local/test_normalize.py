"""`./visiondrop normalize`: rows for a program, files in the folder and nowhere else."""

from __future__ import annotations

import json

import pytest

from local.__main__ import main
from local.commands.normalize import FreeNames
from tests.pictures import encoded, exif, opened, photo, quarters
from tests.videos import clip


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "photo.jpg").write_bytes(encoded(photo((1200, 900)), "JPEG", exif=exif(orientation=6)))
    (tmp_path / "moving.gif").write_bytes(
        encoded(quarters(), "GIF", save_all=True, append_images=[photo((96, 64))], duration=100)
    )
    (tmp_path / "page.svg").write_text("<svg/>")
    return tmp_path


def run(capsys, *arguments):
    code = main(["normalize", *map(str, arguments)])
    return code, capsys.readouterr().out


def test_rows_have_the_documented_fields(capsys, folder):
    """An upright photo and both frames of an animation, with their files."""
    code, out = run(capsys, folder / "photo.jpg", folder / "moving.gif", "--out", folder / "out", "--json")
    photo_row, gif_row = json.loads(out)
    assert code == 0
    assert {key: photo_row[key] for key in ("state", "code", "kind", "format", "width", "height", "orientation")} == {
        "state": "ok",
        "code": None,
        "kind": "image",
        "format": "jpeg",
        "width": 900,
        "height": 1200,
        "orientation": 6,
    }
    assert (gif_row["frames"], [output["at_s"] for output in gif_row["outputs"]]) == (2, [0.0, 0.1])
    for output in photo_row["outputs"] + gif_row["outputs"]:
        with open(output["path"], "rb") as file:  # noqa: PTH123 -- the row has a string
            data = file.read()
        assert (len(data), opened(data).size) == (output["bytes"], (output["width"], output["height"]))


def test_a_rejected_file_makes_the_exit_code_one(capsys, folder):
    """The others are still written."""
    missing = folder / "missing.png"
    code, out = run(capsys, folder / "page.svg", missing, folder / "photo.jpg", "--out", folder / "out", "--json")
    rows = json.loads(out)
    assert code == 1
    assert [(row["state"], row["code"]) for row in rows] == [
        ("rejected", "unsupported"),
        ("rejected", "unreadable"),
        ("ok", None),
    ]


def test_the_detail_and_the_model_decide_the_size(capsys, folder):
    """`low` is 512 pixels on the longer side."""
    _, out = run(
        capsys, folder / "photo.jpg", "--out", folder / "out", "--detail", "low", "--model", "gpt-4o", "--json"
    )
    assert json.loads(out)[0]["outputs"][0]["height"] == 512


def test_people_get_a_table(capsys, folder):
    """One line per file, with the reason of a refusal."""
    _, out = run(capsys, folder / "photo.jpg", folder / "page.svg", "--out", folder / "out")
    heading, accepted, refused = out.splitlines()
    assert heading.startswith("source")
    assert "768x1024" in accepted
    assert "SVG is not supported" in refused


NAMES = [
    (["a", "a", "A"], ["a", "a_2", "A_3"]),
    (["../../etc/passwd", "..", "C:\\x"], ["etc_passwd", "picture", "C_x"]),
    (["图像 (1)"], ["图像_1"]),
    (["x" * 300], ["x" * 80]),
]


@pytest.mark.parametrize(("wanted", "given"), NAMES)
def test_names_stay_in_the_folder_and_apart(wanted, given):
    """No separator, no dots, no overwriting on any file system."""
    names = FreeNames()
    assert [names.take(name) for name in wanted] == given


def test_frames_and_sampling_are_those_of_an_upload(capsys, folder):
    """How many frames a video gives; a number that no upload may have is refused by name."""
    (folder / "film.mp4").write_bytes(clip(30))
    _, out = run(
        capsys, folder / "film.mp4", "--out", folder / "out", "--frames", "3", "--sampling", "scenes", "--json"
    )
    assert len(json.loads(out)[0]["outputs"]) == 3

    for wrong in (("--frames", "501"), ("--frames", "0"), ("--sampling", "often")):
        with pytest.raises(SystemExit):
            run(capsys, folder / "film.mp4", "--out", folder / "out", *wrong)
        assert wrong[0] in capsys.readouterr().err
