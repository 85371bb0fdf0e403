"""What a drop writes to the logs: the app's lines and spans as the real exporter sends them, and its writes of blobs.

    .venv/bin/python bench/log_volume.py [--drops 20]

Log Analytics charges by the size of rows. Measured are the app's own; the Functions host's lines and the audit's rows
are counted, at about a kilobyte each, which is an assumption.
"""

from __future__ import annotations

import argparse
import io
import logging
import os
import sys
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from azure.storage.blob import BlobServiceClient  # noqa: E402  # after the path
from PIL import Image  # noqa: E402  # as above

from local.azurite import Azurite  # noqa: E402  # as above
from local.chat_standin import ChatStandIn  # noqa: E402  # as above
from local.stack import make_places  # noqa: E402  # as above
from shared.core.jobs.job import AnalysisMessage  # noqa: E402  # as above
from shared.core.settings import Settings  # noqa: E402  # as above
from shared.pipeline.accept import accept_upload  # noqa: E402  # as above
from shared.pipeline.analyze import analyze  # noqa: E402  # as above
from shared.wiring import CHATTY, build  # noqa: E402  # as above
from tests.adapters.test_telemetry_azure import Ingestion  # noqa: E402  # as above

USD_PER_GB = 2.76  # Log Analytics, pay as you go, West Europe, 2026-11
ROW_BYTES = 1000  # of the host's and the audit's rows: assumed
HOST_ROWS = 8  # two invocations, each with a request, a line at its begin, one at its end and one about its trigger


class Lines(logging.Handler):
    """Counts what the app writes to its log."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.sizes.append(len(record.getMessage().encode()))


class CountedWrites:
    """The blobs, and how often they were written."""

    def __init__(self, blobs: Any) -> None:
        self.blobs = blobs
        self.writes = 0

    def __getattr__(self, name: str) -> Any:
        self.writes += name in {"write", "upload", "write_blocks"}
        return getattr(self.blobs, name)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--drops", type=int, default=20)
    drops = parser.parse_args().drops
    ingestion, lines = Ingestion(), Lines()
    Thread(target=ingestion.server.serve_forever, args=(0.05,), daemon=True).start()
    logging.getLogger("visiondrop").addHandler(lines)
    logging.getLogger("visiondrop").setLevel(logging.INFO)
    os.environ.update(dict.fromkeys(CHATTY, "true"))
    with Azurite() as azurite, ChatStandIn(model="gpt-5.1") as model:
        make_places(azurite.connection_string)
        key = "InstrumentationKey=00000000-0000-4000-8000-000000000000"
        services = build(
            Settings.from_environ(
                {
                    "AzureWebJobsStorage": azurite.connection_string,
                    "AZURE_OPENAI_ENDPOINT": model.base_url,
                    "AZURE_OPENAI_DEPLOYMENT": "gpt-5.1",
                    "AZURE_OPENAI_API_KEY": "made-up",
                    "APPLICATIONINSIGHTS_CONNECTION_STRING": f"{key};IngestionEndpoint={ingestion.url}",
                }
            )
        )
        counted: Any = CountedWrites(services.blobs)
        services = replace(services, blobs=counted)
        with BlobServiceClient.from_connection_string(azurite.connection_string) as blobs:
            for number in range(drops):
                picture = io.BytesIO()
                Image.effect_noise((640, 480), 40).convert("RGB").save(picture, "JPEG")
                blobs.get_blob_client("uploads", f"{number}.jpg").upload_blob(picture.getvalue())
                job = accept_upload(services, f"{number}.jpg")
                assert job is not None
                analyze(services, AnalysisMessage(job_id=job.job_id))
        services.span.__self__.close()  # type: ignore[attr-defined]  # the telemetry, to send what is left
        services.media.close()  # type: ignore[attr-defined]  # the real one has a child to end
    ingestion.server.shutdown()
    show(drops, lines, ingestion, counted.writes)


def show(drops: int, lines: Lines, ingestion: Ingestion, writes: int) -> None:
    spans = [item for item in ingestion.envelopes if item["data"]["baseType"] != "MetricData"]
    own = {
        "lines of the log": (len(lines.sizes) / drops, (sum(lines.sizes) + ROW_BYTES // 2 * len(lines.sizes)) / drops),
        "spans": (len(spans) / drops, sum(len(str(item).encode()) for item in spans) / drops),
        "host (assumed)": (HOST_ROWS, HOST_ROWS * ROW_BYTES),
        "audit of blobs written, the upload among them": (writes / drops + 1, (writes / drops + 1) * ROW_BYTES),
    }
    for what, (rows, size) in own.items():
        print(f"{what}: {rows:.1f} rows, {size / 1000:.1f} kB a drop")
    total_kb = sum(size for _, size in own.values()) / 1000
    print(f"together {total_kb:.0f} kB a drop: 1,000 drops {total_kb:.0f} MB, ${total_kb / 1000 * USD_PER_GB:.2f}")


if __name__ == "__main__":
    main()
