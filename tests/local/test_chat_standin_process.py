"""The chat stand-in as a process of its own, and as a thread that ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from local.chat_standin import ChatStandIn
from shared.core.errors import UnknownModel

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "local.chat_standin"]


def start(*arguments):
    return subprocess.Popen([*COMMAND, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_one_line_when_ready_and_quiet_at_the_end(stop, data_url, ask):
    """The first line has the address; both signals end it at once, without a traceback."""
    script = json.dumps([{"do": "status", "status": 500}])
    with start("--model", "gpt-4o", "--api-key", "K", "--script", script, "--deployment", "eyes") as process:
        ready = json.loads(process.stdout.readline())
        url = f"{ready['base_url']}/openai/v1/chat/completions"
        body = {"model": "eyes", "messages": ask(data_url())}
        statuses = [httpx2.post(url, headers={"api-key": "K"}, json=body).status_code for _ in range(2)]
        process.send_signal(stop)
        rest, errors = process.communicate(timeout=20)
    assert (ready["model"], ready["pid"], statuses) == ("gpt-4o", process.pid, [500, 200])
    assert (rest, errors) == ("", "")


WRONG = {
    "unknown model": (["--model", "gpt-nonsense"], "gpt-nonsense"),
    "wrong script": (["--script", '[{"do": "explode"}]'], "explode"),
    "no such script": (["--script", "no-such-file.json"], "no-such-file.json"),
    "script that is no JSON": (["--script", "["], "chat stand-in: "),
}


@pytest.mark.parametrize(("arguments", "says"), WRONG.values(), ids=WRONG)
def test_wrong_arguments_end_with_a_message(arguments, says):
    """Exit code 2 and one line that names the value."""
    with start(*arguments) as process:
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 2
    assert says in errors
    assert len(errors.splitlines()) == 1


def test_a_script_may_be_a_file(tmp_path):
    """--script reads a file as well as JSON."""
    file = tmp_path / "faults.json"
    file.write_text('[{"do": "unauthorized"}]')
    with start("--script", str(file)) as process:
        ready = json.loads(process.stdout.readline())
        answer = httpx2.post(f"{ready['base_url']}/v1/chat/completions", headers={"api-key": "K"}, json={})
        process.terminate()
        process.communicate(timeout=20)
    assert answer.json()["error"]["code"] == "invalid_api_key"


def test_a_thread_that_ends_frees_its_port():
    """After the block the thread is gone, even with an open connection and a slow answer, and the port refuses."""
    with ChatStandIn(latency_ms=60_000) as server, httpx2.Client() as client:
        url = f"{server.base_url}/openai/v1/chat/completions"
        with pytest.raises(httpx2.TimeoutException):
            client.post(
                url, headers={"api-key": "K"}, json={"messages": [{"role": "user", "content": "x"}]}, timeout=0.5
            )
        assert client.get(f"{server.base_url}/_standin/journal").json()["requests"] == 1
    assert not server.thread.is_alive()
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(server.base_url)


def test_a_taken_port_is_an_error():
    """A port in use is an OSError when the stand-in is made, not a thread that dies later."""
    with ChatStandIn() as server, pytest.raises(OSError, match="in use"):
        ChatStandIn(port=server.socket.getsockname()[1])


def test_unknown_models_do_not_start():
    """A model without a row is an error at once, not at the first request."""
    with pytest.raises(UnknownModel):
        ChatStandIn(model="gpt-nonsense")


def test_keep_alive_has_no_stall():
    """The median of requests over one connection is far below the 40 ms that Nagle's algorithm would add."""
    with ChatStandIn(model="gpt-4o") as server, httpx2.Client() as client:
        url = f"{server.base_url}/_standin/journal"
        times = sorted(client.get(url).elapsed.total_seconds() for _ in range(21))
    assert times[10] < 0.03
