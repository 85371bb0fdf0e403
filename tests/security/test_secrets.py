"""A real run with recognisable secrets in every place: none is found where it does not belong."""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient, ContainerClient
from azure.storage.queue import QueueServiceClient

from local.azurite import ACCOUNT_KEY
from local.chat_standin import ChatStandIn
from local.chat_standin.describe import OFFLINE_MARK
from local.chat_standin.script import parse_script
from local.children import Child
from tests.e2e.conftest import App
from tests.log_watch import found_in
from tests.pipeline.world import picture

KEYS = {"AZURE_OPENAI_API_KEY": "made-up-openai-key-5f2c", "AZURE_VISION_KEY": "made-up-vision-key-77aa"}
PROMPT = "What does the lilac zeppelin say about Mrs Example?"
SYSTEM = "You are the ochre archivist."
NAME = "Mrs Example at home.jpg"
PRIVATE = ("lilac zeppelin", "ochre archivist", "Mrs Example")
FAULTS = ("unauthorized", "filter_prompt", "context_length", "html", "cut")


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a run left behind. `log` is the host's, with its traces on the terminal's exporter."""

    log: str
    requests: str
    stored: str
    rows: str
    answers: str
    errors: str


@pytest.fixture(scope="module")
def run(azurite, tmp_path_factory) -> Iterator[Run]:
    """Drops that are answered, refused, broken, throttled and wrongly asked for; a ticket; then a clean stop."""
    from tests.conftest import unused_accounts  # noqa: PLC0415  # the session's iterator, not a copy

    connection_string = azurite.connection_string_of(next(unused_accounts))
    make(connection_string)
    log = tmp_path_factory.mktemp("secrets") / "host.log"
    with ChatStandIn(model="gpt-5.1") as endpoint, ExitStack() as stack:
        endpoint.app.script = parse_script([{"do": name, "times": 1, "deployment": name} for name in FAULTS])
        host = stack.enter_context(start_host(connection_string, endpoint, log))
        uploads = stack.enter_context(ContainerClient.from_connection_string(connection_string, "uploads"))
        url = host.wait_for(r'"url": "([^"]+)"')[1]
        app = App(url=url, uploads=uploads, connection_string=connection_string, endpoint=endpoint)
        answers = play(app)
        errors = provoke(app)
        host.stop()
        yield Run(
            log=log.read_text(),
            requests=json.dumps(endpoint.app.journal.to_document()),
            stored=" ".join(blobs_of(connection_string)),
            rows=" ".join(rows_of(connection_string)),
            answers=answers,
            errors=errors,
        )


def make(connection_string: str) -> None:
    from local.stack import make_places  # noqa: PLC0415  # loads three SDKs

    make_places(connection_string)


def start_host(connection_string: str, endpoint: ChatStandIn, log: Path) -> Child:
    environ = {
        "PATH": os.environ["PATH"],
        "AzureWebJobsStorage": connection_string,
        "AZURE_OPENAI_ENDPOINT": endpoint.base_url,
        "AZURE_OPENAI_DEPLOYMENT": "eyes",
        "VISION_MODEL": "gpt-5.1",
        "VISION_DEPLOYMENTS": ",".join(f"{name}=gpt-5.1" for name in FAULTS),
        "OTEL_TRACES_EXPORTER": "console",
        **KEYS,
    }
    command = [sys.executable, "-m", "local.host", "--port", "0", "--blob-scan", "0.2"]
    return Child("functions host", command, log=log, environ=environ)


def play(app: App) -> str:
    private = {"prompt": PROMPT, "system": SYSTEM}
    app.drop(NAME, picture(), **private)
    app.drop("Mrs Example, broken.jpg", picture()[:200], **private)
    app.drop("Mrs Example, wrong.jpg", picture(), prompt=PROMPT, detail=PROMPT)
    app.drop("f/_vision.toml", f"prompt = '{PROMPT}'\nsystem = {SYSTEM}".encode())
    app.drop("f/Mrs Example.jpg", picture())
    for name in FAULTS:
        app.drop(f"{name}/Mrs Example.jpg", picture(colour="olive"), model=name, **private)
    names = [NAME, "Mrs Example, broken.jpg", "Mrs Example, wrong.jpg", "f/Mrs Example.jpg"]
    names += [f"{name}/Mrs Example.jpg" for name in FAULTS]
    return json.dumps([app.result(name) for name in names])


def provoke(app: App) -> str:
    """Every kind of wrong request, with private words in it; what is answered."""
    asked = json.dumps({"prompt": PROMPT, "sources": ["nothing.jpg"], "detail": PROMPT}).encode()
    found = [
        app.get("/api/results/never%20dropped.jpg"),
        app.get("/api/jobs/x"),
        app.get("/api/ask", method="POST", data=asked),
        app.get("/api/ask", method="POST", data=PROMPT.encode()),
        app.get("/api/health"),
    ]
    ticket = app.get("/api/uploads", method="POST", data=json.dumps({"name": "by ticket.jpg"}).encode())
    assert "sig=" in ticket.body["url"]  # whoever asked for it gets it; no log does
    return json.dumps([answer.body for answer in found])


def blobs_of(connection_string: str) -> Iterator[str]:
    with BlobServiceClient.from_connection_string(connection_string) as service:
        results = service.get_container_client("results")
        for blob in results.list_blobs():
            yield results.download_blob(blob.name).readall().decode()


def rows_of(connection_string: str) -> Iterator[str]:
    """Tables and queues, messages decoded."""
    with TableServiceClient.from_connection_string(connection_string) as tables:
        for table in tables.list_tables():
            yield from (repr(dict(row)) for row in tables.get_table_client(table.name).list_entities())
    with QueueServiceClient.from_connection_string(connection_string) as queues:
        for queue in queues.list_queues():
            with queues.get_queue_client(queue.name) as client:
                yield from (text_of(message.content) for message in client.peek_messages(max_messages=32))


def text_of(content: str) -> str:
    try:
        return base64.b64decode(content, validate=True).decode()
    except ValueError:
        return content


def test_the_run_was_a_real_one(run):
    """Something was answered, refused and traced: the tests below look at more than silence."""
    assert OFFLINE_MARK in run.answers
    assert {"content_filter", "corrupt", "options_invalid"} <= set(run.answers.split('"'))
    assert '"event": "finished"' in run.log
    assert '"name": "drop"' in run.log


@pytest.mark.parametrize("place", ["log", "requests", "stored", "rows", "answers", "errors"])
@pytest.mark.parametrize("key", [*KEYS.values(), ACCOUNT_KEY], ids=["model", "vision", "storage"])
def test_keys_are_nowhere(run, place, key):
    """Not in a log, a trace, a result, a row, a message, an answer or an error."""
    assert key not in getattr(run, place)


@pytest.mark.parametrize("word", [*PRIVATE, OFFLINE_MARK])
def test_prompts_answers_and_names_are_in_no_log(run, word):
    """The host's log holds the app's lines, the traces and what the host and the SDKs say."""
    assert word not in run.log


def test_what_the_watch_knows_is_not_in_the_log(run):
    """The patterns that hold for the tests' own process hold for the host's."""
    assert found_in(run.log) == []


@pytest.mark.parametrize("word", ["lilac zeppelin", "ochre archivist"])
def test_errors_do_not_repeat_what_was_asked(run, word):
    """An error names the field; its value may be private."""
    assert word not in run.errors
