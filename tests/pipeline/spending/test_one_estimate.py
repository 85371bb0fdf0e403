"""Budgets, POST estimate and ./visiondrop estimate say the same of the same question, to the token."""

from __future__ import annotations

import contextlib
import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import azure.functions as func
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local import __main__ as terminal
from shared.core import codec
from shared.core.ask.options import Options
from shared.core.media.normalized import Normalized
from shared.core.models.catalogue import look_up_model
from shared.core.settings import Settings
from shared.http.estimates import post_estimate
from shared.pipeline.look_up import look_up
from shared.pipeline.ports import Services
from shared.pipeline.spending.estimate import estimate
from tests.pipeline.world import picture
from tests.videos import clip

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
ENVIRON = {
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "AZURE_OPENAI_ENDPOINT": "https://res.openai.azure.com",
    "AZURE_OPENAI_DEPLOYMENT": "eyes",
    "VISION_MODEL": "gpt-5.1",
}
SERVICES = cast("Services", SimpleNamespace(settings=Settings.from_environ(ENVIRON), now=lambda: NOW))


def by_post(services: Services, body: dict[str, Any]) -> dict[str, Any]:
    request = func.HttpRequest(
        method="POST",
        url="/api/estimate",
        headers={"Content-Type": "application/json"},
        body=json.dumps(body).encode(),
    )
    found: dict[str, Any] = json.loads(post_estimate(services, request).get_body())
    return found


def by_terminal(*arguments: str) -> dict[str, Any]:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        terminal.main(["estimate", *arguments, "--on", "2026-11-28", "--json"])
    (row,) = json.loads(printed.getvalue())
    found: dict[str, Any] = row
    return found


def in_the_pipeline(model: str, options: Options, width: int, height: int) -> dict[str, Any]:
    sent = Normalized(name="n", media_type="image/jpeg", width=width, height=height, bytes=1)
    found: dict[str, Any] = codec.to_json(estimate(SERVICES, look_up_model(model), options, (sent,)))
    return found


FIGURES = ("image_tokens", "input_tokens", "usd", "max_usd")
LETTERS = st.characters(min_codepoint=33, max_codepoint=0x3FFF).filter(lambda sign: sign.isprintable())
PRINTABLE = st.text(LETTERS, min_size=1, max_size=60).filter(lambda words: words == words.strip())


@settings(deadline=None, max_examples=40)
@given(
    model=st.sampled_from(["gpt-4o", "gpt-4o-mini", "gpt-5.1", "gpt-5-mini", "gpt-5.6-sol", "gpt-6-luna"]),
    detail=st.sampled_from(["low", "high"]),
    size=st.tuples(st.integers(1, 5000), st.integers(1, 5000)),
    prompt=PRINTABLE,
    system=st.none() | PRINTABLE,
    longest=st.integers(1, 5000),
)
def test_three_callers_say_the_same(model, detail, size, prompt, system, longest):
    """Any model, detail, size and words."""
    options = Options(prompt=prompt, system=system, model=model, detail=detail, max_output_tokens=longest)
    words = {"prompt": prompt, "max_output_tokens": longest, **({"system": system} if system else {})}
    body = {"width": size[0], "height": size[1], "models": [model], "details": [detail], **words}
    (row,) = by_post(SERVICES, body)["rows"]
    printed = by_terminal(
        *("--size", f"{size[0]}x{size[1]}", "--model", model, "--detail", detail),
        *(f"--prompt={prompt}", f"--max-output-tokens={longest}", *([f"--system={system}"] if system else [])),
    )
    job = in_the_pipeline(model, options, *size)

    for name in FIGURES:
        same = {Decimal(found[name]) for found in (job, row, printed)}
        assert len(same) == 1, name


FILES = {
    "a picture": ("p.jpg", picture(size=(3000, 2000)), {}),
    "with a system message and a longer answer": (
        "p.jpg",
        picture(),
        {"system": "Be brief.", "max_output_tokens": "9"},
    ),
    "a film": ("f.mp4", clip(25), {"frames": "4"}),
    "a film on contact sheets": ("f.mp4", clip(25), {"frames": "12", "contact_sheet": "true"}),
    "more frames than fit into a request": ("f.mp4", clip(60), {"frames": "60"}),
}


@pytest.mark.parametrize("given", FILES.values(), ids=FILES)
def test_an_upload_s_own_estimate_is_told(world, given):
    """By its name, for its own question, it is the job's, to the token."""
    name, data, metadata = given
    world.drop(name, data, **metadata)
    world.accept(name)
    job = look_up(world.services, name)
    rows = by_post(world.services, {"name": name})["rows"]
    (own,) = (row for row in rows if (row["model"], row["detail"]) == (job.options.model, job.options.detail))

    assert {figure: own[figure] for figure in FIGURES} == codec.to_json(job.estimate)


def test_another_question_about_an_upload(world):
    """Its pictures, with other words or another model: as the pipeline would estimate it."""
    world.drop("f.mp4", clip(25), frames="4")
    world.accept("f.mp4")
    job = look_up(world.services, "f.mp4")
    body = {"name": "f.mp4", "models": ["old"], "details": ["high"], "prompt": "Who?", "system": "Be brief."}
    found = by_post(world.services, body)
    options = codec.from_json(
        Options,
        codec.to_json(job.options) | {"model": "old", "detail": "high", "prompt": "Who?", "system": "Be brief."},
    )
    expected = estimate(world.services, look_up_model("gpt-4o"), options, job.normalized)

    assert found["pictures"] == 4
    assert {figure: found["rows"][0][figure] for figure in FIGURES} == codec.to_json(expected)


def test_a_model_without_a_price_for_its_output():
    """The tokens and the price of the input are known, the most is not."""
    (row,) = by_post(SERVICES, {"width": 1024, "height": 1024, "models": ["gpt-image-1"], "details": ["low"]})["rows"]

    assert row["usd"] is not None
    assert row["max_usd"] is None
