"""The served contract against the running app: generated requests, right and wrong, get documented answers only."""

from __future__ import annotations

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from shared.core.ask.option_rows import FILE_OPTIONS
from shared.http.openapi import contract
from shared.http.requests import JSON
from tests.e2e.served import http_triggers
from tests.pipeline.world import picture

EXAMPLES = 7  # of each kind for an operation; deterministic, so a failure is one tomorrow too
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
SCHEMA = schemathesis.openapi.from_dict(contract())
OPERATIONS = {found.ok().label: found.ok() for found in SCHEMA.get_all_operations()}
NAME = "contract/known.jpg"
NOT_IN_IT = {("GET", "gallery/{file}")}  # a page, not part of the interface for programs
BY_NAME = {("GET", "results"), ("GET", "media"), ("GET", "originals"), ("PUT", "uploads")}  # a route's empty name


@pytest.fixture(scope="module")
def known(app):
    """Path parameters that exist, so that not every generated request ends in a 404."""
    app.drop(NAME, picture(colour="maroon"))
    document = app.result(NAME)
    return {"job_id": document["job_id"], "other_id": document["job_id"]}


def exercise(app, cases):
    """Every generated case is sent, and its answer held against the contract."""

    @given(cases)
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def send(case):
        (case.query or {}).pop("wait", None)  # would hold every request for an unknown job for a minute
        response = case.call(base_url=app.url)
        if is_the_server_s_own(response):
            return
        assert response.status_code != 503, response.text  # storage is up, so nothing may depend on it being down
        case.validate_response(response, checks=CHECKS)

    send()


def is_the_server_s_own(response):
    """The path fits no route, or it is no HTTP: the app was not asked."""
    alien = response.status_code == 400 and response.text == "Invalid HTTP request received."
    return alien or (response.status_code == 404 and not response.content)


@pytest.mark.parametrize("label", OPERATIONS)
def test_right_requests(app, known, label):
    """What the contract allows is answered as the contract says."""
    operation = OPERATIONS[label]
    names = {parameter for parameter in known if f"{{{parameter}}}" in operation.path}
    paths = {name: known[name] for name in names}
    exercise(app, operation.as_strategy(path_parameters=paths) if paths else operation.as_strategy())


@pytest.mark.parametrize(
    "label", [label for label in OPERATIONS if label not in {"GET /api/health", "GET /api/openapi.json"}]
)
def test_wrong_requests(app, label):
    """What the contract forbids is the caller's fault, in the one shape of errors."""
    exercise(app, OPERATIONS[label].as_strategy(generation_mode=GenerationMode.NEGATIVE))


@given(st.binary(max_size=300))
@settings(max_examples=40, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_bytes_as_a_body(app, data):
    """No body is the server's fault."""
    for path in ("ask", "estimate", "uploads"):
        answer = app.get(f"/api/{path}", method="POST", data=data)

        assert answer.status == 400
        assert set(answer.body["error"]) == {"code", "message", "hint", "field"}


def body_types(operation):
    return operation.get("requestBody", {}).get("content", {})


BODIES = [path for path, methods in contract()["paths"].items() if JSON in body_types(methods.get("post", {}))]


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""])
def test_json_has_to_say_that_it_is(app, path, kind):
    """A page of another origin can send text and forms without asking; what costs money wants JSON by name."""
    answer = app.get(path.replace("{job_id}", "0" * 32), method="POST", data=b"{}", **{"content-type": kind})

    assert (answer.status, answer.body["error"]["code"]) == (415, "unsupported")


def test_the_words_of_a_content_type_may_vary(app):
    """Its parameters and the case of its letters mean nothing for JSON."""
    body = b'{"width": 10, "height": 10}'
    answer = app.get("/api/estimate", method="POST", data=body, **{"content-type": "Application/JSON; charset=utf-8"})

    assert answer.status == 200


def test_the_contract_has_every_route():
    """What function_app serves is in the document, and nothing else is."""
    served = {
        (method, trigger["route"].replace("{*", "{"))
        for trigger in http_triggers().values()
        for method in trigger["methods"]
    }
    documented = {
        (method.upper(), path.removeprefix("/api/"))
        for path, operations in contract()["paths"].items()
        for method in operations
    }

    assert served - NOT_IN_IT == documented - BY_NAME


def test_every_option_is_in_the_contract():
    """A new option of files is one of reruns too."""
    body = contract()["paths"]["/api/jobs/{job_id}/rerun"]["post"]["requestBody"]

    assert set(body["content"]["application/json"]["schema"]["properties"]) == set(FILE_OPTIONS)


def test_the_served_contract_is_the_one(app):
    """Open to everybody, in JSON, with a tag."""
    answer = app.get("/api/openapi.json")

    assert answer.body == contract()
    assert app.get("/api/openapi.json", **{"If-None-Match": answer.headers["etag"]}).status == 304


def test_every_schema_is_one():
    """JSON Schema 2020-12, as OpenAPI 3.1 has it."""
    for schema in contract()["components"]["schemas"].values():
        jsonschema_rs.meta.validate(schema)
