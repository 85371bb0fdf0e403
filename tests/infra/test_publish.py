"""Publishing the tested zip, and connecting events after it: what is sent, what is tried again, what is told."""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path

import pytest

from infra import connect_events, publish, signed_in
from infra.signed_in import Answer
from tests.infra import bicep
from tests.infra.test_infra import ROOT

ENVIRON = {
    "AZURE_SUBSCRIPTION_ID": "s",
    "AZURE_RESOURCE_GROUP": "g",
    "AZURE_FUNCTION_NAME": "func-x",
    "AZURE_FUNCTION_URL": "https://func-x.azurewebsites.net",
    "AZURE_STORAGE_ACCOUNT": "stx",
    "AZURE_EVENT_TOPIC": "evgt-x",
}


class Azure:
    """Answers in turn, the last one again and again; keeps what it was asked."""

    def __init__(self, *answers: Answer):
        self.answers = list(answers)
        self.asked: list[tuple[str, str, bytes | None, str]] = []
        self.slept: list[float] = []
        self.said: list[str] = []

    def send(self, method, url, *, data=None, media_type="application/json"):
        self.asked.append((method, url, data, media_type))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def publishing(self):
        return publish.World(send=self.send, sleep=self.slept.append, say=self.said.append)

    def connecting(self):
        return connect_events.World(
            send=self.send, compiled=lambda: {"resources": []}, sleep=self.slept.append, say=self.said.append
        )


def answer(status, body=None):
    return Answer(status, body, {})


def state(word, **more):
    return answer(200, {"properties": {"provisioningState": word, **more}})


def failed(code, message):
    return state("Failed", error={"code": "DeploymentFailed", "details": [{"code": code, "message": message}]})


def test_the_very_bytes_are_posted_without_a_build():
    """As azd does it: one POST, then the deployment is followed until it says 4."""
    azure = Azure(answer(202, "d1"), answer(404), answer(200, {"status": 2}), answer(200, {"status": 4}))
    publish.publish(azure.publishing(), "https://scm", b"zip")
    assert azure.asked[0] == ("POST", "https://scm/api/publish?RemoteBuild=false", b"zip", "application/zip")
    assert {url for method, url, *_ in azure.asked if method == "GET"} == {"https://scm/api/deployments/d1"}
    assert azure.slept == [publish.POLL_S] * 2


def test_a_recycled_deployment_has_ended_well():
    """The service forgets a deployment once its worker is recycled."""
    azure = Azure(answer(202, "d1"), answer(200, {"status": 2}), answer(404))
    publish.publish(azure.publishing(), "https://scm", b"zip")


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([answer(403, "no role")], "refused: 403 no role"),
        ([answer(202, "d1"), answer(200, {"status": 3, "status_text": "no space"})], "failed: no space"),
        ([answer(202, "d1"), answer(200, {"status": 5})], "another deployment"),
        ([answer(202, "d1"), answer(404)], "not known to the service"),
        ([answer(202, "d1"), answer(500, "x")], "could not be followed: 500"),
        ([answer(202, "d1"), answer(200, {"status": 2})], "had not ended"),
    ],
)
def test_what_is_not_published_is_said(answers, said):
    """The workflow stops with the service's own words."""
    azure = Azure(*answers)
    with pytest.raises(publish.NotPublished, match=said):
        publish.publish(azure.publishing(), "https://scm", b"zip")


def test_the_deployment_service_is_asked_for_its_name():
    """Its host is not always the app's with scm in it."""
    hosts = [{"name": "func-x.azurewebsites.net", "hostType": "Standard"}, {"name": "scm-x", "hostType": "Repository"}]
    azure = Azure(answer(200, {"properties": {"hostNameSslStates": hosts}}))
    assert publish.deployment_host(azure.publishing(), ENVIRON) == "scm-x"
    with pytest.raises(publish.NotPublished, match="not found: 404"):
        publish.deployment_host(Azure(answer(404)).publishing(), ENVIRON)


def test_events_are_connected_by_one_small_deployment():
    """The template of the events alone, with the names that the first deployment gave."""
    azure = Azure(answer(201, {"properties": {"provisioningState": "Accepted"}}), state("Running"), state("Succeeded"))
    connect_events.connect(azure.connecting(), ENVIRON)
    method, url, body, _ = azure.asked[0]
    sent = json.loads(body or b"")["properties"]
    assert (method, "/subscriptions/s/resourcegroups/g/" in url) == ("PUT", True)
    assert sent["parameters"] == {
        "appName": {"value": "func-x"},
        "topicName": {"value": "evgt-x"},
        "storageName": {"value": "stx"},
    }
    required = {name for name, parameter in TEMPLATE.parameters.items() if parameter.required}
    assert set(sent["parameters"]) == required
    assert "connected" in azure.said[0]


TEMPLATE = bicep.read(ROOT / "infra" / "events.bicep")
TRANSIENT = [  # as reported in public
    failed("BadRequest", "Encountered an error (ServiceUnavailable) from host runtime."),
    failed("BadRequest", "Encountered an error (InternalServerError) from host runtime."),
    failed("InvalidTemplate", "The language expression property 'blobs_extension' doesn't exist, available properties"),
    failed("Url validation", "Webhook validation handshake failed for https://x/runtime/webhooks/blobs. Http POST"),
    failed("Url validation", "The attempt to validate the provided endpoint https://x failed. For more details"),
    failed("InvalidRequest", "Deadletter destination: the identity does not have permission to write"),
    answer(503, {"error": {"code": "ServiceUnavailable", "message": "try again"}}),
    answer(0, {"error": {"code": "Unreachable", "message": "refused"}}),
]


@pytest.mark.parametrize("fault", TRANSIENT)
def test_a_passing_fault_is_tried_again(fault):
    """The host, the handshake and new roles take minutes."""
    azure = Azure(fault, state("Succeeded"))
    connect_events.connect(azure.connecting(), ENVIRON)
    assert azure.slept == [connect_events.PAUSE_S]


@pytest.mark.parametrize(
    "fault",
    [
        failed("InvalidRequest", "The topic is not there"),
        answer(403, {"error": {"code": "AuthorizationFailed", "message": "no right to write deployments"}}),
        answer(400, {"error": {"code": "InvalidTemplateDeployment", "message": "a name is wrong"}}),
    ],
)
def test_any_other_fault_ends_it_at_once(fault):
    """Trying again would only hide it for six minutes."""
    azure = Azure(fault, state("Succeeded"))
    with pytest.raises(connect_events.NotConnected, match="refused"):
        connect_events.connect(azure.connecting(), ENVIRON)
    assert azure.slept == []


def test_a_fault_that_stays_is_told_without_the_key():
    """The destination's address holds the host's key, and Azure may repeat the address."""
    fault = failed("Url validation", "Webhook validation handshake failed for https://x?functionName=a&code=SECRET==")
    azure = Azure(fault)
    with pytest.raises(connect_events.NotConnected, match="8 tries") as caught:
        connect_events.connect(azure.connecting(), ENVIRON)
    assert "SECRET" not in str(caught.value)
    assert len(azure.slept) == connect_events.TRIES - 1


def test_what_is_not_set_is_named():
    """Whoever runs it by hand reads which outputs are missing."""
    assert connect_events.missing({**ENVIRON, "AZURE_EVENT_TOPIC": ""}) == ["AZURE_EVENT_TOPIC"]
    outputs = (ROOT / "infra" / "main.bicep").read_text("utf-8")
    given = set(re.findall(r"^output (\w+)", outputs, re.MULTILINE))
    assert set(connect_events.NEEDED) - given == {"AZURE_SUBSCRIPTION_ID"}


def test_a_compiler_is_found_where_the_tools_keep_theirs(tmp_path):
    """The azd and the Azure CLI both bring one; who has either needs no other."""
    assert connect_events.compiler({"AZD_CONFIG_DIR": str(tmp_path / "none")}, tmp_path) is None
    azd = tmp_path / ".azd" / "bin" / "bicep"
    azd.parent.mkdir(parents=True)
    azd.touch()
    assert connect_events.compiler({}, tmp_path) == str(azd)
    assert connect_events.compiler({"AZD_BICEP_TOOL_PATH": str(azd)}, tmp_path / "elsewhere") == str(azd)


def fake(folder: Path, name: str, script: str) -> None:
    """A program of that name that does this."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_the_token_is_of_whoever_is_signed_in(tmp_path, monkeypatch):
    """The azd's own sign-in first, the Azure CLI's where azd is not there or not signed in."""
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin")
    with pytest.raises(signed_in.NotSignedIn, match="azd is not installed"):
        signed_in.token()
    fake(tmp_path, "az", """echo '{"accessToken": "of-az"}'""")
    assert signed_in.token() == "of-az"
    fake(tmp_path, "azd", "echo 'not logged in' >&2; exit 1")
    assert signed_in.token() == "of-az"
    fake(tmp_path, "azd", """echo '{"token": "of-azd", "expiresOn": "2026-11-28T12:00:00Z"}'""")
    assert signed_in.token() == "of-azd"
