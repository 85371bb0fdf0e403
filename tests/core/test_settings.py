"""Settings: read once, all faults together, nothing secret shown."""

from __future__ import annotations

from decimal import Decimal

import pytest

from shared.core.errors import SettingsInvalid
from shared.core.money.price_types import SCOPES
from shared.core.settings import OPENAI_BASE_URL, Settings

AZURE = {
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "AZURE_OPENAI_ENDPOINT": "https://res.openai.azure.com/",
    "AZURE_OPENAI_DEPLOYMENT": "eyes",
    "VISION_MODEL": "gpt-5.1",
}
OPENAI = {"AzureWebJobsStorage": "UseDevelopmentStorage=true", "OPENAI_API_KEY": "sk-1", "VISION_MODEL": "gpt-5.1"}
IDENTITY = {
    f"AzureWebJobsStorage__{s}ServiceUri": f"https://acc.{s}.core.windows.net" for s in ("blob", "queue", "table")
}


def faults(environ):
    with pytest.raises(SettingsInvalid) as caught:
        Settings.from_environ(environ)
    return caught.value.faults


def test_azure_with_identity_uses_no_key():
    """Without AZURE_OPENAI_API_KEY the endpoint is asked with Entra ID, through the v1 API."""
    endpoint = Settings.from_environ(AZURE).endpoint

    assert (endpoint.kind, endpoint.base_url, endpoint.deployment) == ("azure", "https://res.openai.azure.com", "eyes")
    assert (endpoint.api_key, endpoint.api_version) == (None, None)


def test_deployment_named_like_its_model_needs_no_vision_model():
    """VISION_MODEL falls back to the deployment's name when that is a known model."""
    environ = AZURE | {"AZURE_OPENAI_DEPLOYMENT": "gpt-5.1", "VISION_MODEL": ""}

    assert Settings.from_environ(environ).endpoint.models == {"gpt-5.1": "gpt-5.1"}


def test_openai_itself():
    """OPENAI_API_KEY alone means OpenAI's own address."""
    endpoint = Settings.from_environ(OPENAI).endpoint

    assert (endpoint.kind, endpoint.base_url, endpoint.deployment) == ("openai", OPENAI_BASE_URL, "gpt-5.1")


def test_compatible_server_on_this_machine():
    """A server such as Ollama needs an address and its own model name; plain http is allowed on loopback."""
    environ = {"AzureWebJobsStorage": "x", "OPENAI_BASE_URL": "http://localhost:11434/v1", "OPENAI_MODEL": "llava"}
    endpoint = Settings.from_environ(environ | {"VISION_MODEL": "gpt-4o"}).endpoint

    assert (endpoint.base_url, endpoint.deployment) == ("http://localhost:11434/v1", "llava")
    assert endpoint.models == {"llava": "gpt-4o"}


def test_azure_wins_over_openai():
    """A developer's own OPENAI_API_KEY does not redirect a deployment."""
    assert Settings.from_environ(AZURE | OPENAI).endpoint.kind == "azure"


def test_storage_by_identity():
    """Three addresses replace the connection string."""
    environ = {key: value for key, value in AZURE.items() if key != "AzureWebJobsStorage"} | IDENTITY
    storage = Settings.from_environ(environ).storage

    assert (None, IDENTITY["AzureWebJobsStorage__tableServiceUri"]) == (storage.connection_string, storage.table_uri)


def test_storage_by_account_name():
    """The account's name stands for its three addresses."""
    environ = {key: value for key, value in AZURE.items() if key != "AzureWebJobsStorage"}
    storage = Settings.from_environ(environ | {"AzureWebJobsStorage__accountName": "acc"}).storage

    assert storage.queue_uri == "https://acc.queue.core.windows.net"


def test_detail_in_any_case():
    """As the portal's users write it."""
    assert Settings.from_environ(AZURE | {"DEFAULT_DETAIL": "Low"}).default_detail == "low"


def test_money_is_decimal():
    """Budgets are exact amounts, None when not set."""
    settings = Settings.from_environ(AZURE | {"DAILY_BUDGET_USD": "5.10"})

    assert (Decimal("5.10"), None) == (settings.daily_budget_usd, settings.file_budget_usd)


def test_every_fault_is_reported_at_once():
    """One restart shows all that is wrong, each fault naming its variable."""
    environ = {
        "AZURE_OPENAI_ENDPOINT": "http://res.openai.azure.com",
        "DEFAULT_DETAIL": "medium",
        "MAX_OUTPUT_TOKENS": "-1",
        "DAILY_BUDGET_USD": "lots",
        "FILE_BUDGET_USD": "NaN",
        "VISION_DEPLOYMENTS": "fast",
    }

    named = {fault.split()[0].rstrip(":") for fault in faults(environ)}

    assert named == {"AzureWebJobsStorage", "AZURE_OPENAI_DEPLOYMENT", *environ}


def test_an_empty_environment_names_storage_and_model():
    """The two things nobody can do without."""
    first, second = faults({})

    assert first.startswith("AzureWebJobsStorage is missing")
    assert second.startswith("AZURE_OPENAI_ENDPOINT is missing")


def test_unknown_model_names_the_file_to_edit():
    """A model without a row is the operator's fault, told at start and not at the first picture."""
    (fault,) = faults(AZURE | {"VISION_MODEL": "gpt-99"})

    assert "gpt-99" in fault
    assert "shared/core/" in fault


def test_further_deployments():
    """VISION_DEPLOYMENTS maps other deployments to their models."""
    endpoint = Settings.from_environ(AZURE | {"VISION_DEPLOYMENTS": "fast=gpt-5-mini, best = gpt-6-sol"}).endpoint

    assert endpoint.models == {"eyes": "gpt-5.1", "fast": "gpt-5-mini", "best": "gpt-6-sol"}


def test_a_call_must_end_within_its_lease():
    """Otherwise another worker would ask, and pay, the same again."""
    (fault,) = faults(AZURE | {"MODEL_TIMEOUT_S": "200"})

    assert fault.startswith("MODEL_TIMEOUT_S has value 200")
    assert Settings.from_environ(AZURE | {"MODEL_TIMEOUT_S": "200", "JOB_LEASE_S": "400"}).job_lease_s == 400


@pytest.mark.parametrize("scope", ["europe", "Global", "data-zone", "global,openai"])
def test_a_price_list_that_there_is_none_of_is_refused(scope):
    """At start, with those there are: each drop would fail for want of a price."""
    (fault,) = faults(AZURE | {"PRICE_SCOPE": scope})

    assert fault.startswith(f"PRICE_SCOPE has value {scope!r}: expected one of openai, ")
    assert "data-zone-eu" in fault


@pytest.mark.parametrize("scope", SCOPES)
def test_all_price_lists_can_be_chosen(scope):
    """Those that rows are written for."""
    assert Settings.from_environ(AZURE | {"PRICE_SCOPE": scope}).price_scope == scope


TRANSCRIBERS = [
    ("whisper", ("whisper", "whisper")),
    ("ears=whisper", ("ears", "whisper")),
    (" ears = gpt-4o-mini-transcribe ", ("ears", "gpt-4o-mini-transcribe")),
    ("mine=local", ("mine", "local")),
    ("", (None, None)),
]


@pytest.mark.parametrize(("text", "expected"), TRANSCRIBERS)
def test_a_transcription_deployment_names_its_model(text, expected):
    """So that it has a price; one that is called like its model needs no second name."""
    settings = Settings.from_environ(AZURE | {"TRANSCRIBE_DEPLOYMENT": text})

    assert (settings.transcribe_deployment, settings.transcribe_model) == expected


@pytest.mark.parametrize("text", ["ears", "ears=", "=whisper", "ears=parrot", "ears=video index", "a=whisper=b"])
def test_a_transcription_without_a_price_is_refused(text):
    """Its minutes would be in no budget and in no report."""
    (fault,) = faults(AZURE | {"TRANSCRIBE_DEPLOYMENT": text})

    assert fault.startswith(f"TRANSCRIBE_DEPLOYMENT has value {text!r}: ")
    assert "=whisper; models: whisper, " in fault


TELEMETRY = [
    ({}, "none"),
    ({"APPLICATIONINSIGHTS_CONNECTION_STRING": "InstrumentationKey=1"}, "azure"),
    ({"OTEL_TRACES_EXPORTER": "console"}, "console"),
    ({"APPLICATIONINSIGHTS_CONNECTION_STRING": "InstrumentationKey=1", "OTEL_TRACES_EXPORTER": "none"}, "none"),
]


@pytest.mark.parametrize(("given", "to"), TELEMETRY)
def test_where_telemetry_goes(given, to):
    """To Azure when the app is told where that is, nowhere by itself on a laptop."""
    assert Settings.from_environ(AZURE | given).telemetry_to == to


def test_an_unknown_exporter_is_a_fault():
    """A typo must not switch telemetry off in silence."""
    (fault,) = faults(AZURE | {"OTEL_TRACES_EXPORTER": "jaeger"})

    assert fault == "OTEL_TRACES_EXPORTER has value 'jaeger': expected console or none"


def test_secrets_are_not_shown():
    """Neither the settings' repr nor a fault about an address holds a key."""
    environ = AZURE | {"AZURE_OPENAI_API_KEY": "k-secret", "AZURE_VISION_KEY": "v-secret"}
    shown = repr(Settings.from_environ(environ | {"AzureWebJobsStorage": "AccountKey=a-secret"}))
    (fault,) = faults(AZURE | {"AZURE_VISION_ENDPOINT": "ftp://host/?sig=s-secret"})

    assert "secret" not in shown + fault


@pytest.mark.parametrize("text", ["yes", "1", "maybe"])
def test_a_flag_is_true_or_false(text):
    """Anything else is a fault that names the variable."""
    (fault,) = faults({**OPENAI, "FILTERED_PROMPTS_ARE_BILLED": text})

    assert "FILTERED_PROMPTS_ARE_BILLED" in fault
    assert "true or false" in fault


@pytest.mark.parametrize(("text", "billed"), [("true", True), ("TRUE", True), ("false", False)])
def test_a_flag_in_any_case(text, billed):
    """As the portal may write it."""
    assert Settings.from_environ({**OPENAI, "FILTERED_PROMPTS_ARE_BILLED": text}).filtered_prompts_are_billed is billed
