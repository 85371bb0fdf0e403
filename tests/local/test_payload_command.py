"""`./visiondrop payload`: the true request, readable, without secrets, and without anything sent."""

from __future__ import annotations

import json
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from local.commands import payload as command

Run = Callable[..., tuple[int, str, str]]

ROOT = Path(__file__).parents[2]
LEGACY = ("--model", "gpt-4-vision-preview", "--api-version", "2023-12-01-preview")
SAS = "sv=2026&sig=made-up"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "boat.jpg"
    Image.new("RGB", (40, 30), "navy").save(path)
    return path


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "my film.mp4"
    path.write_bytes(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom")
    return path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """The command with an environment of its own: (exit code, stdout, stderr)."""

    def call(*arguments: object, **environ: str) -> tuple[int, str, str]:
        parser = ArgumentParser()
        command.add_arguments(parser)
        code = command.show(parser.parse_args([str(argument) for argument in arguments]), environ)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def test_request_is_shown_with_its_header_masked(run: Run, picture: Path) -> None:
    """Without any setting: the v1 API of an example resource, the picture as its byte count."""
    code, out, err = run(picture)
    request = json.loads(out)
    assert code == 0
    assert list(request) == ["method", "url", "headers", "body"]
    assert request["url"] == "https://YOUR-RESOURCE.openai.azure.com/openai/v1/chat/completions"
    assert request["headers"] == {"content-type": "application/json", "authorization": "Bearer ***"}
    assert request["body"]["model"] == "gpt-5.1"
    image = request["body"]["messages"][0]["content"][1]["image_url"]
    assert image == {"url": f"data:image/jpeg;base64,… ({picture.stat().st_size} bytes)", "detail": "high"}
    assert f"boat.jpg: image/jpeg, 40x30, {picture.stat().st_size} bytes" in err


@pytest.mark.parametrize("flag", ["--json", "--full"])
def test_picture_may_be_shown_whole(run: Run, picture: Path, flag: str) -> None:
    """A program gets the request as it is, except for secrets."""
    _, out, _ = run(picture, flag)
    url = json.loads(out)["body"]["messages"][0]["content"][1]["image_url"]["url"]
    assert url.startswith("data:image/jpeg;base64,/9j/4AAQ")


def test_several_files_are_one_request(run: Run, picture: Path) -> None:
    """Pictures that are named together are asked about together."""
    _, out, _ = run(picture, picture, "--detail", "low")
    parts = json.loads(out)["body"]["messages"][0]["content"]
    assert [part.get("image_url", {}).get("detail") for part in parts] == [None, "low", "low"]


def test_legacy_enhancements_mask_the_vision_key(run: Run, picture: Path) -> None:
    """The extension with its data source; a retired version is said to be so."""
    settings = {"AZURE_VISION_ENDPOINT": "https://v.example.com/", "AZURE_VISION_KEY": "made-up-key"}
    code, out, err = run(picture, *LEGACY, "--ocr", "--grounding", **settings)
    request = json.loads(out)
    assert code == 0
    assert "/deployments/gpt-4-vision-preview/extensions/chat/completions?" in request["url"]
    assert request["headers"]["api-key"] == "***"
    assert request["body"]["dataSources"][0]["parameters"] == {"endpoint": "https://v.example.com", "key": "***"}
    assert "made-up-key" not in out + err
    assert "note: API version 2023-12-01-preview was announced to stop" in err


def test_video_index_names_the_video(run: Run, video: Path) -> None:
    """The indexed video by name, first in its message, its SAS masked."""
    _, out, _ = run(video, *LEGACY, "--video", "index", "--prompt", "What happens?", VIDEO_INDEX_NAME="films")
    body = json.loads(out)["body"]
    parameters = body["dataSources"][0]["parameters"]
    assert parameters["indexName"] == "films"
    assert parameters["videoUrls"] == ["https://YOUR-STORAGE.blob.core.windows.net/uploads/my%20film.mp4?***"]
    assert [part["type"] for part in body["messages"][0]["content"]] == ["acv_document_id", "text"]


def test_schema_file_becomes_structured_output(run: Run, picture: Path, tmp_path: Path) -> None:
    """--schema reads a JSON Schema."""
    schema: dict[str, Any] = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
    (tmp_path / "schema.json").write_text(json.dumps(schema), encoding="utf-8")
    _, out, _ = run(picture, "--schema", tmp_path / "schema.json")
    assert json.loads(out)["body"]["response_format"]["json_schema"]["schema"] == schema


@pytest.mark.parametrize(
    ("arguments", "environ", "url"),
    [
        ((), {"OPENAI_API_KEY": "made-up"}, "https://api.openai.com/v1/chat/completions"),
        (("--model", "local"), {"OPENAI_BASE_URL": "http://localhost:11434/v1"}, "http://localhost:11434/v1/chat/"),
        (("--api-version", "2024-10-21", "--model", "gpt-4o"), {"OPENAI_API_KEY": "made-up"}, "https://YOUR-RESOURCE."),
        ((), {"AZURE_OPENAI_ENDPOINT": "https://x.openai.azure.com"}, "https://x.openai.azure.com/openai/v1/"),
        (
            ("--model", "gpt-4o"),
            {"AZURE_OPENAI_ENDPOINT": "https://x.openai.azure.com", "AZURE_OPENAI_API_VERSION": "2024-10-21"},
            "https://x.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21",
        ),
    ],
)
def test_environment_names_the_endpoint(
    run: Run, picture: Path, arguments: tuple[str, ...], environ: dict[str, str], url: str
) -> None:
    """The request goes where the app's own settings would send it; only Azure has dated versions."""
    code, out, err = run(picture, *arguments, **environ)
    assert code == 0, err
    assert json.loads(out)["url"].startswith(url)
    assert "made-up" not in out


@pytest.mark.parametrize(
    ("arguments", "environ", "says"),
    [
        (("nope.jpg",), {}, "nope.jpg cannot be read (No such file or directory)"),
        (("PICTURE", "--model", "gpt-99"), {}, "no rules or prices are known for model 'gpt-99'"),
        (("PICTURE", "--api-version", "2024-99-99"), {}, "--api-version has value '2024-99-99'"),
        (("PICTURE", "--ocr"), {}, "gpt-5.1-2025-11-13 has no Vision enhancements"),
        (("PICTURE", *LEGACY, "--video", "index"), {}, "--video index takes one video file"),
        (("VIDEO", "VIDEO", *LEGACY, "--video", "index"), {}, "--video index takes one video file"),
        (("VIDEO",), {}, "is a video, which is sent as frames"),
        (("PICTURE", "--schema", "PICTURE"), {}, "is not JSON"),
        (("PICTURE", "--schema", "LIST"), {}, "is not a JSON object"),
        (("LIST",), {}, "plain text"),
        (("PICTURE",), {"AZURE_OPENAI_ENDPOINT": "http://elsewhere"}, "AZURE_OPENAI_ENDPOINT has value"),
    ],
)
def test_bad_input_is_told(
    run: Run, picture: Path, video: Path, arguments: tuple[str, ...], environ: dict[str, str], says: str
) -> None:
    """One line that names the file, the option or the setting, and exit code 1; nothing on stdout."""
    listed = picture.with_name("list.json")
    listed.write_text("[]", encoding="utf-8")
    files = {"PICTURE": picture, "VIDEO": video, "LIST": listed}
    code, out, err = run(*(files.get(argument, argument) for argument in arguments), **environ)
    assert (code, out) == (1, "")
    assert err.startswith("visiondrop payload: ")
    assert says in err
    assert err.count("\n") == 1


def test_command_loads_no_sdk(picture: Path) -> None:
    """Fast because nothing of Azure, OpenAI or video is imported."""
    program = (
        "import sys; from local.__main__ import main; main(['payload', sys.argv[1], '--json']);"
        "print([name for name in ('openai', 'azure', 'av', 'httpx2') if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(picture)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stderr.strip() == "[]"
    assert json.loads(done.stdout)["method"] == "POST"


def test_wrong_arguments_exit_with_2() -> None:
    """As every command line program does."""
    parser = ArgumentParser()
    command.add_arguments(parser)
    with pytest.raises(SystemExit) as caught:
        parser.parse_args(["a.jpg", "--detail", "huge"])
    assert caught.value.code == 2
