"""`./visiondrop estimate` and `models`: rows for people and programs, and clear faults."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from local import __main__ as terminal
from tests.videos import SIZE, clip

ROOT = Path(__file__).parents[2]


@pytest.fixture
def ask(capsys):
    """Runs a command; returns its exit code, what it printed, and its complaints."""

    def run(*arguments):
        code = terminal.main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture
def photo(tmp_path):
    """A JPEG of a phone held upright: stored 640x480, to be turned by a quarter."""
    exif = Image.Exif()
    exif[0x112] = 6
    path = tmp_path / "photo.jpg"
    Image.new("RGB", (640, 480), "gray").save(path, exif=exif)
    return path


def test_rows_for_a_program(ask):
    """The documented fields, no more; money is a string."""
    code, out, err = ask("estimate", "--size", "4032x3024", "--model", "gpt-5.6-sol", "--json", "--on", "2026-11-21")
    assert json.loads(out) == [
        {
            "source": "4032x3024",
            "width": 4032,
            "height": 3024,
            "model": "gpt-5.6-sol",
            "detail": "auto",
            "image_tokens": 14364,
            "patches": 11970,
            "sent_width": 4032,
            "sent_height": 3024,
            "usd": "0.057456",
            "rejected": None,
        }
    ]
    assert (code, err) == (0, "")


def test_files_and_models_make_a_table(ask, photo):
    """One row for each file and model; the size is the upright one."""
    arguments = ("--model", "gpt-4o", "--model", "gpt-5-mini", "--detail", "high", "--json")
    code, out, _ = ask("estimate", photo, *arguments)
    rows = json.loads(out)
    assert code == 0
    assert [(row["model"], row["width"], row["height"], row["image_tokens"]) for row in rows] == [
        ("gpt-4o", 480, 640, 425),
        ("gpt-5-mini", 480, 640, 360),
    ]
    assert rows[0]["tiles"] == 2
    assert rows[1]["patches"] == 300


def test_the_table_for_people_shows_what_to_save(ask):
    """A hint where detail or size would save."""
    code, out, _ = ask(
        "estimate", "--size", "1654x2339", "--size", "4032x3024", "--model", "gpt-4o", "--model", "gpt-5.5"
    )
    assert code == 0
    assert "sent as 724x1024: 765" in out
    assert "auto (original)" in out
    assert "--detail high: 2,942" in out


def test_a_bad_file_is_a_row_and_a_complaint(ask, tmp_path, photo):
    """The other rows stand; exit code 1."""
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff not a picture")
    code, out, err = ask("estimate", broken, tmp_path / "absent.png", photo, "--model", "gpt-4o", "--json")
    rows = json.loads(out)
    assert code == 1
    assert [row["image_tokens"] for row in rows] == [None, None, 425]
    assert "damaged" in rows[0]["rejected"]
    assert "cannot be read" in err


def test_a_rejected_size_says_what_would_be_accepted(ask):
    """30,000 patches on the newest models."""
    code, out, err = ask("estimate", "--size", "6000x6000", "--model", "gpt-6-luna", "--detail", "original")
    assert code == 1
    assert "rejected" in out
    assert "send at most 5536x5536" in err


def test_a_missing_price_is_a_complaint_and_not_zero(ask):
    """The tokens are known all the same; the complaint names the row to add, and where there is a price."""
    code, out, err = ask("estimate", "--size", "100x100", "--model", "gpt-6.2-sol", "--json")
    row = json.loads(out)[0]
    assert (code, row["image_tokens"], row["usd"], row["rejected"]) == (1, 20, None, None)
    assert 'Add row("gpt-6.2-sol", …) for scope global' in err
    assert "Scopes with a price: openai." in err
    code, out, _ = ask("estimate", "--size", "100x100", "--model", "gpt-6.2-sol")
    assert "no price is known for gpt-6.2-sol in scope global" in out


def test_an_animation_costs_what_all_its_frames_cost(ask, tmp_path):
    """The app sends each of them; up to 50, evenly chosen."""
    for count, sent in ((3, 3), (60, 50)):
        frames = [Image.new("L", (64, 32), shade) for shade in range(count)]
        path = tmp_path / f"{count}.gif"
        frames[0].save(path, save_all=True, append_images=frames[1:])
        code, out, _ = ask("estimate", path, "--model", "gpt-5-mini", "--json")
        (row,) = json.loads(out)
        assert (code, row["pictures"], row["patches"], row["image_tokens"]) == (0, sent, 2 * sent, 3 * sent)


def test_a_video_costs_what_its_frames_cost(ask, tmp_path):
    """20 moments at detail low, unless another is asked for."""
    path = tmp_path / "film.mp4"
    path.write_bytes(clip(25))
    for detail, tokens in ((), 85), (("--detail", "high"), 255):
        code, out, _ = ask("estimate", path, "--model", "gpt-4o", "--json", *detail)
        (row,) = json.loads(out)
        assert (code, row["width"], row["height"], row["pictures"]) == (0, *SIZE, 20)
        assert row["image_tokens"] == 20 * tokens


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--size", "10x10", "--model", "gpt-7"), "shared/core/models/model_rows.py"),
        (("--size", "10x10", "--model", "local"), "nobody has published"),
        (("--size", "10x10", "--model", "gpt-4o", "--detail", "original"), "no detail 'original'"),
        (("--model", "gpt-4o"), "a FILE or a --size"),
    ],
)
def test_wrong_questions_get_a_clear_answer(ask, arguments, complaint):
    """Each names what to do, and none is a traceback."""
    code, _, err = ask("estimate", *arguments)
    assert code in {1, 2}
    assert complaint in err


@pytest.mark.parametrize("text", ["10", "0x5", "axb", "10x-5"])
def test_a_size_that_is_none_is_refused(ask, capsys, text):
    """With an example of one that is."""
    with pytest.raises(SystemExit):
        ask("estimate", "--size", text, "--model", "gpt-4o")
    assert "4032x3024" in capsys.readouterr().err


def test_every_model_is_listed(ask):
    """53 rows and two lines around them."""
    code, out, _ = ask("models", "--on", "2026-11-21")
    assert code == 0
    assert len(out.splitlines()) == 53 + 3
    assert "2027-04-14 disputed" in out


def test_models_are_found_by_part_of_their_name(ask):
    """As rows for a program, with the price of the day and every end date with its source."""
    code, out, _ = ask("models", "GPT-5.6-Luna", "--on", "2026-11-21", "--json")
    (row,) = json.loads(out)
    assert code == 0
    assert row["image_rule_numbers"]["multiplier"] == "1.2"
    assert row["image_rule_numbers"]["high"] == {"max_side": 2048, "max_patches": 2500}
    assert row["host_limits"]["azure"]["measured_images"] == 50
    assert row["price"]["input_usd_per_mtok"] == "0.2"
    assert row["retirement"]["azure"]["dates"] == [{"date": "2028-01-11", "source": "S5", "as_of": "2026-11-21"}]
    code, _, err = ask("models", "gpt-9")
    assert code == 1
    assert "gpt-9" in err


@pytest.mark.parametrize("arguments", [["estimate", "--size", "4032x3024", "--model", "gpt-4o"], ["models"]])
def test_neither_loads_anything_slow(arguments):
    """The start of the interpreter and of the project, nothing else: that is what keeps them below 0.3 s."""
    code = "import sys; from local.__main__ import main; main(sys.argv[1:]); print(sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env={**os.environ},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = done.stdout.splitlines()[-1]
    assert not [name for name in ("PIL", "rich", "openai", "azure", "numpy") if f"'{name}'" in loaded]
