"""`python -m local.host` as a process: ready line, output, clean end."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
APP = Path(__file__).parent / "apps" / "small_app.py"


@contextmanager
def running(*arguments: str, app: Path = APP) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "local.host", "--port", "0", "--app", str(app), *arguments]
    environ = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def ready_url(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())
    assert ready["ready"] is True
    return str(ready["url"])


def get(url: str, path: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    client = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
    client.request("GET", path, headers=headers or {})
    response = client.getresponse()
    answer = response.status, response.read()
    client.close()
    return answer


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_it_says_what_it_is_serves_and_ends_with_0(stop: signal.Signals) -> None:
    """The list names each function, and says why one cannot start; standard output has the ready line only."""
    with running() as process:
        url = ready_url(process)
        assert get(url, "/api/hello?name=you") == (200, b"hello you")
        process.send_signal(stop)
        output, errors = process.communicate(timeout=20)
    assert (process.returncode, output) == (0, "")
    assert "stand-in" in errors
    assert f"hello: [GET] {url}/api/hello" in errors
    assert "work: CANNOT START: %NOT_SET% in '%NOT_SET%' is not an app setting" in errors


def test_a_timer_may_run_at_the_start() -> None:
    """Its parameter and its context come from the library's types."""
    with running() as process:
        assert process.stderr is not None
        assert any("swept by sweep, past due: False" in line for line in process.stderr)


def test_values_of_local_settings_reach_the_app(tmp_path: Path) -> None:
    """As environment variables, as in the real worker."""
    app = tmp_path / "function_app.py"
    app.write_text(APP.read_text("utf-8"), "utf-8")
    (tmp_path / "local.settings.json").write_text(json.dumps({"Values": {"GREETED": "world"}}), "utf-8")
    (tmp_path / "host.json").write_text('{"extensions": {"http": {"routePrefix": "v2"}}}', "utf-8")
    with running(app=app) as process:
        assert get(ready_url(process), "/v2/hello") == (200, b"hello world")


def test_auth_takes_the_key_from_a_file(tmp_path: Path) -> None:
    """Made on the first start."""
    keys = tmp_path / "keys.json"
    with running("--keys", str(keys)) as process:
        url = ready_url(process)
        events = "/runtime/webhooks/blobs?functionName=Host.Functions.none"
        assert get(url, events)[0] == 401
        assert get(url, f"{events}&code={json.loads(keys.read_text('utf-8'))['master']}")[0] == 404


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("", "0 FunctionApp objects"),
        ("import azure.functions as func\na = func.FunctionApp()\nb = func.FunctionApp()\n", "2 FunctionApp objects"),
        (None, "there is no Python file"),
    ],
)
def test_an_app_that_cannot_be_indexed_ends_with_1(tmp_path: Path, source: str | None, reason: str) -> None:
    """With the reason and without a trace."""
    app = tmp_path / "function_app.py"
    if source is not None:
        app.write_text(source, "utf-8")
    with running(app=app) as process:
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert reason in errors
    assert "Traceback" not in errors


STUCK = """
import threading
import azure.functions as func
app = func.FunctionApp()

@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *", run_on_startup=True)
def stuck(timer: func.TimerRequest) -> None:
    print("began", flush=True)
    threading.Event().wait()
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to send")
def test_a_stuck_function_does_not_keep_the_process(tmp_path: Path) -> None:
    """After the grace time it ends all the same, and says what it left."""
    app = tmp_path / "function_app.py"
    app.write_text(STUCK, "utf-8")
    with running("--grace", "0.2", app=app) as process:
        assert process.stderr is not None
        next(line for line in process.stderr if "began" in line)  # after another thread's words, it may be
        process.terminate()
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "still running: stuck" in errors
