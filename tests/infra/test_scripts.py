"""The two scripts that workflows and azd run: parameters by azd's rule, and questions to a deployed app."""

from __future__ import annotations

import json
import re
import struct
import subprocess
import sys
import threading
import zlib
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from infra import app_check, parameters
from shared.core.media.kinds import sniff
from tests.infra import bicep
from tests.infra.reading import main as main_template
from tests.infra.test_infra import ROOT


class DeployedApp(HTTPServer):
    """A loopback server in the deployed app's place."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Scripted)
        self.answers: list[tuple[int, object]] = [(200, {})]
        self.asked: list[tuple[str, str | None]] = []
        self.authorized: list[str | None] = []
        self.received: list[bytes] = []


class Scripted(BaseHTTPRequestHandler):
    """Gives the next of the server's answers; the last one again and again."""

    def do_GET(self):  # the name that http.server calls
        assert isinstance(self.server, DeployedApp)
        self.server.asked.append((self.path, self.headers.get("x-functions-key")))
        self.server.authorized.append(self.headers.get("authorization"))
        answers = self.server.answers
        status, body = answers.pop(0) if len(answers) > 1 else answers[0]
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def do_PUT(self):  # as above
        assert isinstance(self.server, DeployedApp)
        self.server.received.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.do_GET()

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def app():
    """It answers in a thread of its own."""
    server = DeployedApp()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def address(server) -> str:
    return f"http://127.0.0.1:{server.server_port}"


def ask(*arguments: str, timeout: str = "20") -> int:
    return app_check.main(["--timeout", timeout, "--pause", "0", *arguments])


def test_ready_waits_for_a_healthy_app(app):
    """An app that is starting answers 503 and 404 before it is well."""
    app.answers = [(503, {}), (404, {}), (200, {"settings": "ok"})]
    assert ask("ready", address(app)) == 0
    assert [path for path, _ in app.asked] == ["/api/health"] * 3


def test_ready_gives_up_and_says_why(app, capsys):
    """When the time is up, the last answer is shown."""
    app.answers = [(503, {"blobs": "storage answered 403"})]
    assert ask("ready", address(app), timeout="0") == 1
    assert "storage answered 403" in capsys.readouterr().err


def test_an_app_that_cannot_be_reached_is_not_ready(app, capsys):
    """A refused connection is an answer like any other."""
    app.server_close()
    assert ask("ready", address(app), timeout="0") == 1
    assert ": 0 " in capsys.readouterr().err


RESULTS = [
    ([(404, {}), (202, {"state": "running"}), (200, {"state": "done", "cost": {"usd": "0.002"}})], 0),
    ([(200, {"state": "partial"})], 0),
    ([(200, {"state": "failed", "error": {"code": "content_filter"}})], 1),
    ([(401, {})], 1),
    ([(200, [])], 1),
]


@pytest.mark.parametrize(("answers", "code"), RESULTS)
def test_result_is_success_only_with_an_answer(app, answers, code):
    """A pending job is waited for; a failed one, a wrong key and rubbish are failures at once."""
    app.answers = list(answers)
    assert ask("result", address(app), "smoke/a b.png") == code
    assert len(app.asked) == len(answers)
    assert app.asked[0][0] == "/api/results/smoke/a%20b.png"


def test_result_shows_money_but_no_answer(app, capsys, monkeypatch):
    """Logs of a workflow are public in public repositories; the key goes into a header, not into the address."""
    monkeypatch.setenv("VISIONDROP_KEY", "made-up")
    app.answers = [(200, {"state": "done", "reply": {"text": "a secret"}, "cost": {"usd": "0.002"}})]
    assert ask("result", address(app), "x.png") == 0
    shown = capsys.readouterr().err
    assert "0.002" in shown
    assert "secret" not in shown
    assert app.asked == [("/api/results/x.png", "made-up")]


def test_what_is_dropped_is_new_and_a_picture(app):
    """Two runs drop different bytes, so that no earlier answer is reused."""
    app.answers = [(201, {})]
    assert ask("drop", address(app), "smoke/1.png") == ask("drop", address(app), "smoke/2.png") == 0
    assert [path for path, _ in app.asked] == ["/api/uploads/smoke/1.png", "/api/uploads/smoke/2.png"]
    first, second = app.received
    assert first != second
    assert struct.unpack(">II", first[16:24]) == (app_check.SIDE, app_check.SIDE)
    pixels = zlib.decompressobj().decompress(first.partition(b"IDAT")[2])
    assert len(pixels) == app_check.SIDE * (3 * app_check.SIDE + 1)
    assert sniff(first).format == "png"


def test_a_refused_drop_is_a_failure(app):
    """The workflow tries again, and then fails here instead of waiting for a result."""
    app.answers = [(403, {})]
    assert ask("drop", address(app), "smoke/1.png") == 1


def test_retry_stops_at_the_first_success(tmp_path):
    """Role propagation: the third try works, and a fourth is not made."""
    counted = tmp_path / "tries"
    third = ["sh", "-c", f"echo x >> {counted}; [ $(wc -l < {counted}) -ge 3 ]"]
    assert subprocess.run([ROOT / "infra" / "retry.sh", "5", "0", *third], check=False).returncode == 0
    assert counted.read_text().count("x") == 3


def test_retry_gives_up():
    """What never works fails the workflow."""
    assert subprocess.run([ROOT / "infra" / "retry.sh", "2", "0", "false"], check=False).returncode == 1


def test_kinds_agree_with_the_parsed_template():
    """The script reads types with one regular expression; the parser knows better."""
    declared = main_template(ROOT).parameters
    text = (ROOT / "infra" / "main.bicep").read_text("utf-8")
    assert parameters.kinds(text) == {name: parameter.type for name, parameter in declared.items()}
    assert bicep.read(ROOT / "infra" / "main.bicep").faults == ()


def test_parameters_come_typed_from_three_places():
    """Arguments win over the environment, it wins over the workflow's variables; what is not given is left out."""
    variables = {"MODEL_CAPACITY": "10", "ALERT_EMAILS": '["a@example.com"]', "AZURE_ENV_NAME": "ci", "MODEL_NAME": ""}
    environ = {"VARIABLES": json.dumps(variables), "AZURE_ENV_NAME": "staging", "STORAGE_LOCK": "false"}
    made = json.loads(parameters.main(["STORAGE_LOCK=True"], environ))["parameters"]
    assert made == {
        "environmentName": {"value": "staging"},
        "modelCapacity": {"value": 10},
        "storageLock": {"value": True},
        "alertEmails": {"value": ["a@example.com"]},
    }


@pytest.mark.parametrize("text", ["1", "t", "T", "true", "TRUE", "True", "0", "f", "F", "false", "FALSE", "False"])
def test_a_switch_is_taken_as_azd_takes_it(text):
    """Both ways of deploying read the same variables: Go's ParseBool decides what a switch may say."""
    made = json.loads(parameters.main([f"LEGACY_VISION={text}"], {}))["parameters"]
    assert made == {"legacyVision": {"value": text[0] in "1tT"}}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("LEGACY_VISION=yes", "LEGACY_VISION has 'yes': expected true or false"),
        ("MODEL_CAPACITY=ten", "MODEL_CAPACITY has 'ten': expected a whole number"),
        ("MODEL_CAPACITY=1.5", "MODEL_CAPACITY has '1.5': expected a whole number"),
        ("ALERT_EMAILS=a@example.com", "ALERT_EMAILS has a value: expected JSON such as"),
        ("APP_SETTINGS=[]", "APP_SETTINGS has a value: expected JSON such as"),
    ],
)
def test_a_wrong_value_is_refused_by_its_variable(given, said):
    """Whoever set it reads its name and what is expected, no stack; what may hold a secret is not repeated."""
    with pytest.raises(parameters.ValueRefused, match=re.escape(said)):
        parameters.main([given], {})


def test_all_wrong_values_are_told_together():
    """One run is enough to mend them; the script ends with 1 and one line each."""
    command = [sys.executable, str(ROOT / "infra" / "parameters.py"), "LEGACY_VISION=yes", "MODEL_CAPACITY=ten"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={})
    assert (done.returncode, done.stdout) == (1, "")
    assert [line.split()[0] for line in done.stderr.splitlines()] == ["MODEL_CAPACITY", "LEGACY_VISION"]


def test_whoever_signs_in_sends_a_token(app, monkeypatch):
    """With a sign-in the smoke test passes only with a token, which goes into a header like the key."""
    monkeypatch.setenv("VISIONDROP_TOKEN", "made-up-token")
    assert ask("result", address(app), "x.png", timeout="0") == 1
    assert app.authorized == ["Bearer made-up-token"]
