"""Which endpoint a local run asks."""

from __future__ import annotations

import pytest

from local.model_choice import MODEL_SETTINGS, named_endpoint, standin_environ, wants_video_index
from shared.core.settings import Settings

AZURE = {"AZURE_OPENAI_ENDPOINT": "https://x.example"}
LOCAL = {"OPENAI_BASE_URL": "http://127.0.0.1:11434/v1"}


@pytest.mark.parametrize(
    ("environ", "endpoint"),
    [
        ({}, None),
        (AZURE | {"AZURE_OPENAI_DEPLOYMENT": "gpt-5.1"}, "https://x.example"),
        (LOCAL | {"VISION_MODEL": "gpt-4o"}, "http://127.0.0.1:11434/v1"),
        ({"OPENAI_API_KEY": "k", "VISION_MODEL": "gpt-4o"}, "OpenAI"),
        ({"OPENAI_API_KEY": "k"}, None),
        (AZURE, None),
        ({"VISION_MODEL": "gpt-4o"}, None),
        ({"AZURE_OPENAI_ENDPOINT": "", "VISION_MODEL": "gpt-4o"}, None),
    ],
)
def test_a_real_endpoint_needs_to_be_named_with_its_model(environ: dict[str, str], endpoint: str | None):
    """A key or an address that a shell happens to hold does not make a demo spend money."""
    assert named_endpoint(environ) == endpoint


def test_a_model_of_2023_has_a_video_index():
    """Its stand-in is started; for other models none is, and a start takes no longer than it has to."""
    models = ("gpt-4-vision-preview", "gpt-4o", "", "?")
    assert [wants_video_index({"VISION_MODEL": model}) for model in models] == [True, False, False, False]


def test_the_video_index_is_set_up_with_the_model():
    """Whatever the environment names: a stand-in asks no real service."""
    environ = {"VISION_MODEL": "gpt-4-vision-preview", "AZURE_VISION_ENDPOINT": "https://real.example"}
    after = standin_environ(environ, "http://127.0.0.1:1", "http://127.0.0.1:2")
    settings = Settings.from_environ({**after, "AzureWebJobsStorage": "UseDevelopmentStorage=true"})
    assert (settings.vision_endpoint, settings.vision_key) == ("http://127.0.0.1:2", "offline")
    assert settings.endpoint.api_version == "2023-12-01-preview"


def test_the_stand_in_replaces_every_model_setting():
    """Nothing of a real endpoint is left, the model's name decides the rules, other settings stay."""
    before = dict.fromkeys(MODEL_SETTINGS, "https://real.example") | {"VISION_MODEL": "gpt-4o", "DEFAULT_DETAIL": "low"}
    after = standin_environ(before, "http://127.0.0.1:1")
    assert "https://real.example" not in after.values()
    settings = Settings.from_environ({**after, "AzureWebJobsStorage": "UseDevelopmentStorage=true"})
    assert settings.endpoint.base_url == "http://127.0.0.1:1"
    assert settings.endpoint.models == {"offline-describer": "gpt-4o"}
    assert settings.default_detail == "low"
