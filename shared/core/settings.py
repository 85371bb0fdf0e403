"""App settings: read once from a mapping into a frozen value, all faults reported together, each naming its variable.

wiring.py passes os.environ; nothing else in the program reads the environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from shared.core import limits
from shared.core.errors import SettingsInvalid, UnknownModel
from shared.core.models.catalogue import Detail, look_up_model
from shared.core.settings_values import (
    Destination,
    Reader,
    parse_count,
    parse_destination,
    parse_detail,
    parse_flag,
    parse_pairs,
    parse_price_scope,
    parse_transcription,
    parse_usd,
)

DEFAULT_PROMPT = "Describe this picture for someone who cannot see it. Read out any text in it."
INSIGHTS = "APPLICATIONINSIGHTS_CONNECTION_STRING"
OPENAI_BASE_URL = "https://api.openai.com/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """Where storage is: a connection string (local run, tests), or the service addresses and a managed identity."""

    connection_string: str | None = field(default=None, repr=False)
    blob_uri: str = ""
    queue_uri: str = ""
    table_uri: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where the model is asked. `api_key` None means Entra ID; `api_version` None means the v1 API.

    `models` gives the model behind each deployment: rules and prices belong to the model.
    """

    kind: Literal["azure", "openai"]
    base_url: str
    deployment: str
    models: Mapping[str, str]
    api_key: str | None = field(default=None, repr=False)
    api_version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    storage: Storage
    endpoint: Endpoint
    identity_client_id: str | None = None
    vision_endpoint: str | None = None
    vision_key: str | None = field(default=None, repr=False)
    video_index_name: str | None = None
    transcribe_deployment: str | None = None
    transcribe_model: str | None = None  # behind that deployment: its price per minute holds
    default_prompt: str = DEFAULT_PROMPT
    default_detail: Detail = "high"
    max_output_tokens: int = limits.MAX_OUTPUT_TOKENS.value
    model_timeout_s: int = limits.MODEL_TIMEOUT_S.value
    job_lease_s: int = limits.JOB_LEASE_S.value
    price_scope: str = "global"
    daily_budget_usd: Decimal | None = None
    file_budget_usd: Decimal | None = None
    filtered_prompts_are_billed: bool = False
    malware_scanning: bool = False
    telemetry_to: Destination = "none"
    insights_connection: str | None = field(default=None, repr=False)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """The app's settings from its environment. Raises SettingsInvalid with every fault, not only the first."""
        reader = Reader(environ)
        transcription = read_transcription(reader)
        settings = cls(
            storage=read_storage(reader),
            endpoint=read_endpoint(reader),
            identity_client_id=reader.text("AZURE_CLIENT_ID"),
            vision_endpoint=reader.url("AZURE_VISION_ENDPOINT"),
            vision_key=reader.text("AZURE_VISION_KEY"),
            video_index_name=reader.text("VIDEO_INDEX_NAME"),
            transcribe_deployment=transcription[0],
            transcribe_model=transcription[1],
            default_prompt=reader.text("DEFAULT_PROMPT") or DEFAULT_PROMPT,
            default_detail=reader.value("DEFAULT_DETAIL", parse_detail, default="high"),
            max_output_tokens=reader.value("MAX_OUTPUT_TOKENS", parse_count, default=limits.MAX_OUTPUT_TOKENS.value),
            model_timeout_s=reader.value("MODEL_TIMEOUT_S", parse_count, default=limits.MODEL_TIMEOUT_S.value),
            job_lease_s=reader.value("JOB_LEASE_S", parse_count, default=limits.JOB_LEASE_S.value),
            price_scope=reader.value("PRICE_SCOPE", parse_price_scope, default="global"),
            daily_budget_usd=reader.value("DAILY_BUDGET_USD", parse_usd, default=None),
            file_budget_usd=reader.value("FILE_BUDGET_USD", parse_usd, default=None),
            malware_scanning=reader.value("MALWARE_SCANNING", parse_flag, default=False),
            filtered_prompts_are_billed=reader.value("FILTERED_PROMPTS_ARE_BILLED", parse_flag, default=False),
            telemetry_to=read_destination(reader),
            insights_connection=reader.text(INSIGHTS),
        )
        if settings.model_timeout_s * 2 > settings.job_lease_s:
            reader.faults.append(
                f"MODEL_TIMEOUT_S has value {settings.model_timeout_s}: a call must end while its job's lease holds, "
                f"at most half of JOB_LEASE_S ({settings.job_lease_s})"
            )
        if reader.faults:
            raise SettingsInvalid(tuple(reader.faults))
        return settings


def read_destination(reader: Reader) -> Destination:
    """Where telemetry goes: to Azure when a connection is set, unless OpenTelemetry's own variable says otherwise."""
    return reader.value("OTEL_TRACES_EXPORTER", parse_destination, default="azure" if reader.text(INSIGHTS) else "none")


def read_storage(reader: Reader) -> Storage:
    """Where storage is, by the variables of Azure Functions, so that triggers and app share one connection (facts: both
    URIs are required).
    """
    prefix = "AzureWebJobsStorage"
    connection_string = reader.text(prefix)
    if connection_string:
        return Storage(connection_string=connection_string)
    account = reader.text(f"{prefix}__accountName")
    uris = {
        service: reader.url(f"{prefix}__{service}ServiceUri")
        or (f"https://{account}.{service}.core.windows.net" if account else None)
        for service in ("blob", "queue", "table")
    }
    missing = [f"{prefix}__{service}ServiceUri" for service, uri in uris.items() if uri is None]
    if missing:
        reader.faults.append(f"{prefix} is missing: give a connection string, or {', '.join(missing)} for an identity")
    return Storage(blob_uri=uris["blob"] or "", queue_uri=uris["queue"] or "", table_uri=uris["table"] or "")


def read_endpoint(reader: Reader) -> Endpoint:
    if reader.text("AZURE_OPENAI_ENDPOINT"):
        return read_azure(reader)
    if reader.text("OPENAI_API_KEY") or reader.text("OPENAI_BASE_URL"):
        return read_openai(reader)
    reader.faults.append(
        "AZURE_OPENAI_ENDPOINT is missing: give it, or OPENAI_API_KEY, or OPENAI_BASE_URL of a compatible server"
    )
    return Endpoint(kind="azure", base_url="", deployment="", models={})


def read_azure(reader: Reader) -> Endpoint:
    deployment = reader.required("AZURE_OPENAI_DEPLOYMENT", "the name of the deployment to ask")
    model = reader.text("VISION_MODEL") or deployment
    return Endpoint(
        kind="azure",
        base_url=reader.url("AZURE_OPENAI_ENDPOINT") or "",
        deployment=deployment,
        models=read_models(reader, deployment, model),
        api_key=reader.text("AZURE_OPENAI_API_KEY"),
        api_version=reader.text("AZURE_OPENAI_API_VERSION"),
    )


def read_openai(reader: Reader) -> Endpoint:
    """The endpoint of OpenAI or a compatible server. The server's own model name is the deployment; VISION_MODEL says
    whose rules it follows.
    """
    model = reader.required("VISION_MODEL", "the model to ask, for its rules and prices")
    deployment = reader.text("OPENAI_MODEL") or model
    return Endpoint(
        kind="openai",
        base_url=reader.url("OPENAI_BASE_URL") or OPENAI_BASE_URL,
        deployment=deployment,
        models=read_models(reader, deployment, model),
        api_key=reader.text("OPENAI_API_KEY") or "none",
    )


def read_models(reader: Reader, deployment: str, model: str) -> dict[str, str]:
    """The model behind each deployment. VISION_DEPLOYMENTS adds those that the option `model` may name:
    "fast=gpt-5-mini, best=gpt-6-sol".
    """
    pairs: dict[str, str] = reader.value("VISION_DEPLOYMENTS", parse_pairs, default={})
    models = {deployment: model, **pairs}
    for name, behind in models.items():
        if behind:
            check_model(reader, name, behind)
    return models


def check_model(reader: Reader, deployment: str, model: str) -> None:
    try:
        look_up_model(model)
    except UnknownModel as fault:
        reader.faults.append(f"VISION_MODEL: {fault.message} (deployment {deployment!r}). {fault.hint}")


def read_transcription(reader: Reader) -> tuple[str | None, str | None]:
    """The deployment that transcribes sound and its model; None for both where nothing is transcribed."""
    nobody: tuple[str | None, str | None] = (None, None)
    return reader.value("TRANSCRIBE_DEPLOYMENT", parse_transcription, default=nobody)
