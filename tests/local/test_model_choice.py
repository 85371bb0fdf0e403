"""Which endpoint a local run asks."""

from __future__ import annotations

import pytest

from local.model_choice import MODEL_SETTINGS, named_endpoint, standin_environ
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


def test_the_stand_in_replaces_every_model_setting():
    """Nothing of a real endpoint is left, the model's name decides the rules, other settings stay."""
    before = dict.fromkeys(MODEL_SETTINGS, "https://real.example") | {"VISION_MODEL": "gpt-4o", "DEFAULT_DETAIL": "low"}
    after = standin_environ(before, "http://127.0.0.1:1")
    assert "https://real.example" not in after.values()
    settings = Settings.from_environ({**after, "AzureWebJobsStorage": "UseDevelopmentStorage=true"})
    assert settings.endpoint.base_url == "http://127.0.0.1:1"
    assert settings.endpoint.models == {"offline-describer": "gpt-4o"}
    assert settings.default_detail == "low"
