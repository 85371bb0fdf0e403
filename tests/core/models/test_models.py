"""The model rows: whole, consistent, looked up by exact name."""

from __future__ import annotations

from collections import Counter

import pytest

from shared.core.errors import UnknownModel
from shared.core.models.catalogue import MODELS, host_limits, look_up_model
from shared.core.models.image_rules import PatchRule
from shared.core.models.sources import SOURCES


def test_there_are_52_models_and_a_local_one():
    """One row per version; no name or alias is used twice."""
    names = Counter(name for model in MODELS for name in (model.name, *model.aliases))
    assert len(MODELS) == 53
    assert set(names.values()) == {1}


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("gpt-4o", "gpt-4o-2024-08-06"),
        ("gpt-5.6", "gpt-5.6-sol"),
        ("azure:gpt-4/vision-preview", "gpt-4-vision-preview"),
        ("gpt-6-luna", "gpt-6-luna"),
    ],
)
def test_names_and_aliases_find_their_row(alias, name):
    """The alias of a family is its current version."""
    assert look_up_model(alias).name == name


@pytest.mark.parametrize("name", ["gpt-4o-2099-01-01", "GPT-4o", "gpt-5.6-so", "", "claude"])
def test_an_unknown_name_is_an_error_that_names_the_file(name):
    """No guess by prefix or case."""
    with pytest.raises(UnknownModel) as caught:
        look_up_model(name)
    assert "shared/core/models/model_rows.py" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "meant"), [("gpt5.6-sol", "gpt-5.6-sol"), ("GPT-4O", "gpt-4o"), (" gpt-5-mini", "gpt-5-mini")]
)
def test_a_near_miss_is_told_the_names_like_it(name, meant):
    """A typing error is found at once."""
    with pytest.raises(UnknownModel) as caught:
        look_up_model(name)
    assert f"Names like it: {meant}" in caught.value.hint


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_every_row_is_consistent(model):
    """Sources exist, reasoning models take the reasoning parameters, a default effort is an allowed one."""
    assert set(model.image_rule_sources) <= set(SOURCES)
    assert (model.image_rule is None) == (model.image_rule_status == "unknown")
    reasons = bool(model.reasoning_efforts)
    assert reasons == (model.system_role == "developer") == (model.token_limit_field == "max_completion_tokens")
    assert not (reasons and model.temperature)
    assert model.default_effort is None or model.default_effort in model.reasoning_efforts
    assert model.chat_completions or model.responses_api or model.name.startswith("gpt-image")


def test_only_vision_preview_has_the_enhancements():
    """OCR, grounding and the video index ended with it."""
    assert [model.name for model in MODELS if model.enhancements] == ["gpt-4-vision-preview"]


def test_models_without_structured_output():
    """JSON Schema came with gpt-4o-2024-08-06; the pro models of 5.4 and 5.5 lack it."""
    without = {model.name for model in MODELS if not model.json_schema and not model.name.startswith("gpt-image")}
    assert without == {
        "gpt-4-vision-preview",
        "gpt-4-turbo-2024-04-09",
        "gpt-4.5-preview",
        "gpt-4o-2024-05-13",
        "chatgpt-4o-latest",
        "computer-use-preview",
        "gpt-5.4-pro-2026-03-05",
        "gpt-5.5-pro-2026-04-23",
    }


def test_sampling_parameters_of_the_newest_models():
    """GPT-5.6 and 6 take a temperature only with effort none; astra and 6.1 have no effort none."""
    names = {model.name for model in MODELS if model.temperature_with_effort_none}
    assert names == {"gpt-5.6-sol", "gpt-5.6-terra", "gpt-5.6-luna", "gpt-6-sol", "gpt-6-luna"}


def test_only_the_newest_families_reject_by_patches():
    """30,000 from gpt-5.6 on."""
    rules = {model.name: model.image_rule for model in MODELS if isinstance(model.image_rule, PatchRule)}
    rejecting = {name for name, rule in rules.items() if rule.reject_above_patches == 30_000}
    assert rejecting == {name for name in rules if name.startswith(("gpt-5.6", "gpt-6"))}


@pytest.mark.parametrize(("host", "images"), [("azure", 50), ("openai", 1500), ("offline", 50)])
def test_limits_belong_to_the_host(host, images):
    """Measured before documented: Azure's page says 10, its error says 50."""
    assert host_limits(host).images == images
    assert host_limits("azure").documented_images == 10


def test_every_source_says_what_it_is():
    """And a superseded one names its successor."""
    assert all(source.what and source.date and source.where for source in SOURCES.values())
    assert {source.superseded_by for source in SOURCES.values()} == {None, "S6"}
