"""Asking again: several pictures, conversations, reruns, comparison, estimates."""

from __future__ import annotations

import json
from decimal import Decimal
from io import BytesIO

import pytest
from PIL import Image

from tests.pipeline.world import picture


def post(app, path, body, **headers):
    return app.get(path, method="POST", data=json.dumps(body).encode(), **headers)


@pytest.fixture(scope="module")
def dropped(app):
    """Two answered pictures."""
    app.drop("asked/a.jpg", picture(colour="tomato"))
    app.drop("asked/b.jpg", picture(size=(2000, 1500), colour="gray"))
    return [app.result("asked/a.jpg"), app.result("asked/b.jpg")]


def test_several_pictures_in_one_request(app, dropped):
    """In the order of their names, each with its name before it."""
    answer = post(app, "/api/ask?wait=30", {"sources": ["asked/b.jpg", "asked/a.jpg"], "prompt": "What differs?"})
    document = answer.body

    assert (answer.status, document["state"], document["attempts"]) == (200, "done", 1)
    assert answer.headers["location"] == f"/api/jobs/{document['job_id']}"
    assert [one["label"] for one in document["normalized"]] == ["asked/b.jpg", "asked/a.jpg"]
    said = document["reply"]["text"]  # by the stand-in, which repeats what stands before a picture
    assert 0 < said.index('File "asked/b.jpg":') < said.index('File "asked/a.jpg":')
    assert document["usage"]["image_tokens"] or document["usage"]["input_tokens"] > sum(
        one["estimate"]["image_tokens"] for one in dropped
    )
    assert document["origin"]["kind"] == "ask"


def test_a_conversation_is_kept(app, dropped):
    """Each question is asked with all that was said before."""
    first = post(app, "/api/ask?wait=30", {"job_id": dropped[0]["job_id"], "prompt": "And the colour?"}).body
    second = post(app, "/api/ask?wait=30", {"job_id": first["job_id"], "prompt": "Sure?"}).body
    turns = second["origin"]["turns"]

    assert [turn["prompt"] for turn in turns] == [dropped[0]["options"]["prompt"], "And the colour?"]
    assert [turn["answer"] for turn in turns] == [dropped[0]["reply"]["text"], first["reply"]["text"]]
    assert second["usage"]["input_tokens"] > first["usage"]["input_tokens"] > dropped[0]["usage"]["input_tokens"]
    assert second["estimate"]["input_tokens"] > first["estimate"]["input_tokens"]


@pytest.mark.usefixtures("dropped")
def test_the_same_request_is_paid_once(app):
    """Sent again it is the same job; with another key it is another."""
    body = {"sources": ["asked/a.jpg"], "prompt": "Once?", "model": "asked"}
    first = post(app, "/api/ask?wait=30", body).body["job_id"]
    again = [post(app, "/api/ask?wait=30", body).body["job_id"] for _ in range(3)]
    other = post(app, "/api/ask?wait=30", body, **{"Idempotency-Key": "on-purpose"}).body["job_id"]

    assert {*again} == {first} != {other}
    assert app.calls("asked") == 2


def test_the_upload_s_own_answer_stays(app, dropped):
    """What is asked later does not take its place, but is found beside it."""
    job_id = post(app, "/api/ask?wait=30", {"sources": ["asked/b.jpg"], "prompt": "Beside?"}).body["job_id"]
    related = app.get(f"/api/jobs/{dropped[1]['job_id']}/related").body["items"]

    assert app.get("/api/results/asked/b.jpg").body["job_id"] == dropped[1]["job_id"]
    assert {job_id, dropped[1]["job_id"]} <= {item["job_id"] for item in related}
    assert related == sorted(related, key=lambda item: item["created"], reverse=True)


def test_a_rerun_is_compared(app, dropped):
    """Other detail, other pictures, and the difference in tokens and dollars."""
    before = dropped[1]
    after = post(app, f"/api/jobs/{before['job_id']}/rerun?wait=30", {"detail": "low"}).body
    compared = app.get(f"/api/jobs/{before['job_id']}/compare/{after['job_id']}").body

    assert after["origin"] == {
        "kind": "rerun",
        "jobs": [{"job_id": before["job_id"], "name": "asked/b.jpg"}],
        "turns": [],
    }
    assert after["normalized"][0]["width"] < before["normalized"][0]["width"]
    assert compared["options"] == {"detail": ["high", "low"]}
    assert compared["jobs"] == [before, after]
    assert compared["difference"]["input_tokens"] < 0
    assert Decimal(compared["difference"]["usd"]) == Decimal(after["cost"]["usd"]) - Decimal(before["cost"]["usd"])


def test_a_rerun_of_a_replaced_upload_keeps_its_pictures(app):
    """The version that was asked about is gone, but what was sent of it is there."""
    app.drop("asked/replaced.jpg", picture(colour="lime"))
    first = app.result("asked/replaced.jpg")
    app.drop("asked/replaced.jpg", picture(colour="navy"))
    again = post(app, f"/api/jobs/{first['job_id']}/rerun?wait=30", {"detail": "low"}).body

    assert again["normalized"] == first["normalized"]
    assert "replaced" in again["plan"]["steps"][0]


def test_what_cannot_be_asked(app, dropped):
    """Refused at once, with the field or the reason."""
    app.drop("asked/broken.jpg", picture()[:200])
    broken = app.result("asked/broken.jpg")["job_id"]
    job_id = dropped[0]["job_id"]
    wrong = [
        ("/api/ask", {"prompt": "?"}, 400, "sources"),
        ("/api/ask", {"sources": ["asked/a.jpg"], "job_id": job_id, "prompt": "?"}, 400, "sources"),
        ("/api/ask", {"sources": [], "prompt": "?"}, 400, "sources"),
        ("/api/ask", {"sources": ["asked/a.jpg"]}, 400, "prompt"),
        ("/api/ask", {"sources": ["asked/a.jpg"], "prompt": " "}, 400, "prompt"),
        ("/api/ask", {"sources": ["asked/a.jpg"], "prompt": "?", "model": "nobody"}, 400, "model"),
        ("/api/ask", {"sources": ["asked/never.jpg"], "prompt": "?"}, 404, None),
        ("/api/ask", {"sources": ["asked/broken.jpg"], "prompt": "?"}, 422, None),
        ("/api/ask", {"job_id": broken, "prompt": "?"}, 422, None),
        ("/api/ask", {"sources": ["asked/a.jpg"], "prompt": "?", "schema": {"type": "object"}}, 400, "schema"),
        (f"/api/jobs/{job_id}/rerun", {"grounding": True}, 422, None),
        (f"/api/jobs/{job_id}/rerun", {"model": "nobody"}, 400, "model"),
        (f"/api/jobs/{job_id}/rerun", {"colour": "red"}, 400, "colour"),
        (f"/api/jobs/{'0' * 32}/rerun", {}, 404, None),
    ]
    answers = [post(app, path, body) for path, body, _, _ in wrong]

    assert [(one.status, (one.body["error"] or {}).get("field")) for one in answers] == [row[2:] for row in wrong]


@pytest.mark.parametrize("key", ["with space", "ä", "x" * 201])
@pytest.mark.usefixtures("dropped")
def test_wrong_idempotency_keys(app, key):
    """A key that proxies would change is refused."""
    answer = post(app, "/api/ask", {"sources": ["asked/a.jpg"], "prompt": "?"}, **{"Idempotency-Key": key})

    assert (answer.status, answer.body["error"]["field"]) == (400, "Idempotency-Key")


def test_an_estimate_is_what_is_counted_later(app, dropped):
    """For an upload by name and for its size it says the same, and the same as the job's own estimate."""
    by_name = post(app, "/api/estimate", {"name": "asked/a.jpg", "details": ["high"]}).body
    by_size = post(app, "/api/estimate", {"width": 640, "height": 480, "details": ["high"]}).body

    assert by_name == by_size
    assert by_name["rows"][0]["image_tokens"] == dropped[0]["estimate"]["image_tokens"]
    assert by_name["rows"][0]["usd"] == dropped[0]["estimate"]["usd"]


def test_the_estimate_of_an_animation_has_all_its_frames(app):
    """By name it is what the job itself expects; 3 frames cost 3 pictures."""
    frames = [Image.new("L", (64, 32), shade) for shade in (10, 120, 240)]
    file = BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    app.drop("asked/moving.gif", file.getvalue())
    document = app.result("asked/moving.gif")
    found = post(app, "/api/estimate", {"name": "asked/moving.gif", "details": ["high"]}).body

    assert (found["width"], found["height"], found["pictures"]) == (64, 32, 3)
    assert found["rows"][0]["image_tokens"] == document["estimate"]["image_tokens"]


def test_models_and_details_are_compared(app):
    """A row for each pair; what a model cannot do is said in its row."""
    body = {"width": 4032, "height": 3024, "models": ["gpt-4o", "gpt-5-mini", "eyes"]}
    rows = post(app, "/api/estimate", body).body["rows"]
    found = {(row["model"], row["detail"]): row for row in rows}

    assert len(rows) == 12
    assert found["gpt-4o", "low"]["image_tokens"] == 85
    assert found["gpt-4o", "high"]["tiles"] == 4
    assert found["gpt-5-mini", "high"]["patches"]
    assert found["gpt-4o", "original"]["rejected"] or found["gpt-4o", "original"]["image_tokens"]
    assert Decimal(found["eyes", "high"]["usd"]) < Decimal(found["eyes", "high"]["max_usd"])


ESTIMATES = [
    ({}, 400, "width"),
    ({"width": 10}, 400, "width"),
    ({"width": 0, "height": 5}, 400, "width"),
    ({"width": True, "height": 5}, 400, "width"),
    ({"width": 10, "height": 10, "name": "a.jpg"}, 400, "width"),
    ({"width": 10, "height": 10, "models": ["gpt-99"]}, 400, "models"),
    ({"width": 10, "height": 10, "models": [["gpt-4o"]]}, 400, "models"),
    ({"width": 10, "height": 10, "details": ["huge"]}, 400, "details"),
    ({"name": "asked/never.jpg"}, 404, None),
]


@pytest.mark.parametrize(("body", "status", "field"), ESTIMATES)
def test_wrong_estimates(app, body, status, field):
    """An unknown model is an error, never a silent default."""
    answer = post(app, "/api/estimate", body)

    assert (answer.status, answer.body["error"].get("field")) == (status, field)
