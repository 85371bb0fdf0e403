"""The one place that chooses: builds every adapter from the environment's settings, once per worker process."""

from __future__ import annotations

import json
import logging
import os
import random
import socket
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from shared.adapters.media import MediaReader
from shared.adapters.storage import blob_store, job_queue, job_table, ledger, shared_state
from shared.adapters.storage.azure_storage import credential
from shared.core.ask.payload import Payload
from shared.core.places import JOBS, LEDGER
from shared.core.settings import Settings
from shared.pipeline.ports import Completion, Said, Services, Transcriber, VideoIndexer, VisionModel

if TYPE_CHECKING:
    from shared.adapters.telemetry import Telemetry

log = logging.getLogger("visiondrop")

VISION_SCOPE = "https://cognitiveservices.azure.com/.default"

CHATTY = (
    "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL",
    "APPLICATIONINSIGHTS_SDKSTATS_DISABLED",
    "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED",
    "APPLICATIONINSIGHTS_OPENTELEMETRY_RESOURCE_METRIC_DISABLED",
)
"""The exporter talks to the workspace that was named, and reports nothing about itself elsewhere."""


@cache
def services() -> Services:
    """The services for this worker process, built once. Raises SettingsInvalid naming every wrong variable; a later
    call tries again.
    """
    quiet_sdk_logs()
    return build(Settings.from_environ(os.environ))


def build(settings: Settings) -> Services:
    jobs_table = job_table.connect(settings, JOBS)
    jobs = job_table.JobTable(jobs_table)
    return Services(
        settings=settings,
        blobs=blob_store.BlobStore(blob_store.connect(settings)),
        jobs=jobs,
        listing=jobs.list,
        costs=jobs.costs,
        messages=job_queue.JobQueue(job_queue.connect(settings)),
        poison=job_queue.PoisonQueues(settings),
        rounds=shared_state.RoundTable(jobs_table),
        media=MediaReader(),
        model=ModelOnDemand(settings),
        ledger=ledger.Ledger(job_table.connect(settings, LEDGER)),
        answers=shared_state.Answers(jobs_table),
        gates=shared_state.Gates(jobs_table),
        notes=shared_state.Notes(jobs_table),
        video_index=connect_video_index(settings),
        transcriber=TranscriberOnDemand(settings) if settings.transcribe_deployment else None,
        jitter=random.random,
        worker=f"{socket.gethostname()}-{os.getpid()}",
        now=utc_now,
        **telemetry(settings),
    )


def telemetry(settings: Settings) -> dict[str, Any]:
    """The log, with traces and metrics where the settings want them: otherwise OpenTelemetry is not loaded."""
    if settings.telemetry_to == "none":
        return {"log": write_log}
    from shared.adapters import telemetry as adapter  # noqa: PLC0415  # see above

    if settings.telemetry_to == "console":
        return wired(adapter.to_console())
    for name in CHATTY:
        os.environ.setdefault(name, "true")
    return wired(adapter.to_azure(settings.insights_connection or ""))


def wired(sink: Telemetry) -> dict[str, Any]:
    def log_and_count(event: str, facts: Mapping[str, Any]) -> None:
        write_log(event, facts)
        sink.observe(event, facts)

    return {"log": log_and_count, "span": sink.span}


class ModelOnDemand:
    """The model's adapter, made at the first call: the SDK's import takes most of a second, `accept` needs none."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def model(self) -> VisionModel:
        from shared.adapters import chat_model  # noqa: PLC0415  # see above

        client = chat_model.connect(
            self.settings.endpoint,
            timeout_s=self.settings.model_timeout_s,
            tokens_for=lambda scope: entra_tokens(self.settings, scope),
        )
        return chat_model.ChatModel(client, now=utc_now)

    def complete(self, payload: Payload) -> Completion:
        return self.model.complete(payload)


def load_model() -> None:
    """Load what the first call to the model needs, once per process.

    It runs before a job is claimed: otherwise a second of imports stands between a reservation and its call, and a
    worker that dies in it leaves a call that counts as perhaps paid.
    """
    model = services().model
    if isinstance(model, ModelOnDemand):
        _ = model.model


class TranscriberOnDemand:
    """The transcriber's adapter, made at the first call for the same reason as ModelOnDemand."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def transcriber(self) -> Transcriber:
        from shared.adapters import chat_model, transcriber  # noqa: PLC0415  # see above

        client = chat_model.connect(
            transcriber.audio_endpoint(self.settings.endpoint),
            timeout_s=self.settings.model_timeout_s,
            tokens_for=lambda scope: entra_tokens(self.settings, scope),
        )
        return transcriber.SdkTranscriber(
            client,
            deployment=self.settings.transcribe_deployment or "",
            model=self.settings.transcribe_model,
            now=utc_now,
        )

    def close(self) -> None:
        self.transcriber.close()

    def transcribe(self, mp3: bytes) -> Sequence[Said]:
        return self.transcriber.transcribe(mp3)


def connect_video_index(settings: Settings) -> VideoIndexer | None:
    if settings.vision_endpoint is None:
        return None
    from shared.adapters.video_index import VideoIndex  # noqa: PLC0415  # most apps have no such resource

    key = settings.vision_key
    if key is not None:
        return VideoIndex(settings.vision_endpoint, lambda: {"Ocp-Apim-Subscription-Key": key})
    tokens = entra_tokens(settings, VISION_SCOPE)
    return VideoIndex(settings.vision_endpoint, lambda: {"Authorization": f"Bearer {tokens()}"})


def entra_tokens(settings: Settings, scope: str) -> Callable[[], str]:
    from azure.identity import get_bearer_token_provider  # noqa: PLC0415  # a key needs none of it

    return get_bearer_token_provider(credential(settings), scope)


def quiet_sdk_logs() -> None:
    """Raise the SDKs' log level to WARNING: at INFO they log every request with its address, and the worker would
    forward all of it.
    """
    for name in ("azure.core.pipeline.policies.http_logging_policy", "azure.identity", "httpx2", "openai"):
        logging.getLogger(name).setLevel(logging.WARNING)


def utc_now() -> datetime:
    return datetime.now(UTC)


def write_log(event: str, facts: Mapping[str, Any]) -> None:
    """Log one line of JSON per event, so that a query finds its fields; the pipeline passes no content."""
    log.info("%s", json.dumps({"event": event, **facts}))
