"""Draws the README's pictures of the gallery into docs/images: the real app, the stand-in, the demo's samples.

The stand-in finds no places in pictures, so the regions of one job are prepared here, as the tests do it.
Needs Chromium: ./visiondrop bench gallery_screenshots
"""

from __future__ import annotations

import io
import os
import shutil
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from azure.data.tables import TableClient
from azure.storage.blob import ContainerClient
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from local.commands.demo import look_up  # noqa: E402  # the project's own, found by the line above
from local.samples import make  # noqa: E402  # as above
from local.stack import Stack  # noqa: E402  # as above
from shared.adapters.storage.job_table import JobTable  # noqa: E402  # as above
from shared.core.answer.regions import Region  # noqa: E402  # as above
from shared.core.jobs.job import Job, new_job  # noqa: E402  # as above

OUT = ROOT / "docs" / "images"
QUALITY = 82
ROWS = (("CORNER BAKERY", 60), ("Rye bread", 132), ("Apple cake", 204), ("Coffee", 276), ("TOTAL", 348))
RECEIPT = (720, 480)


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, Stack(environ=os.environ, offline=True, logs=Path(folder)) as stack:
        names = fill(stack, Path(folder) / "samples")
        wait(stack, names)
        job = mark_places(stack.connection_string, look_up(stack.url, "receipts/receipt.png"))
        with (
            sync_playwright() as playwright,
            playwright.chromium.launch(executable_path=shutil.which("chromium") or "google-chrome") as browser,
        ):
            take(browser, stack.url)
            take_details(browser, stack.url, job)


def fill(stack: Stack, folder: Path) -> list[str]:
    folders = {"receipt.png": "receipts", "chart.webp": "reports", "sunset.jpg": "holiday"}
    with ContainerClient.from_connection_string(stack.connection_string, "uploads") as uploads:
        names = [f"{folders.get(path.name, 'inbox')}/{path.name}" for path in make(folder)]
        for name in names:
            uploads.upload_blob(name, (folder / name.rpartition("/")[2]).read_bytes())
        for number, name in enumerate(("morning", "noon", "evening", "night")):
            uploads.upload_blob(f"holiday/{name}.png", sky(number))
            names.append(f"holiday/{name}.png")
    return names


def sky(number: int) -> bytes:
    """A horizon at some hour of the day."""
    top, low, land = (
        ("#8fc5e8", "#fde3b8", "#6b8f5e"),
        ("#3d8fd1", "#cfe8f7", "#4e8a4a"),
        ("#48386f", "#f2875b", "#33402f"),
        ("#0c1230", "#2b3a6b", "#101a18"),
    )[number]
    shade = Image.linear_gradient("L").resize((1200, 900))
    picture = Image.composite(Image.new("RGB", shade.size, low), Image.new("RGB", shade.size, top), shade)
    picture.paste(land, (0, 660, 1200, 900))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def wait(stack: Stack, names: list[str]) -> None:
    while not all(look_up(stack.url, name) for name in names):
        stack.check()
        time.sleep(0.2)


def mark_places(connection_string: str, document: dict[str, object] | None) -> str:
    """A copy of the receipt's job whose answer points at the lines."""
    assert document is not None
    with TableClient.from_connection_string(connection_string, "jobs") as table:
        jobs = JobTable(table)
        stored = jobs.load(str(document["job_id"]))
        assert stored is not None
        copy = with_places(stored.job)
        jobs.insert(copy)
        jobs.close(copy.job_id)
    return copy.job_id


def with_places(job: Job) -> Job:
    assert job.reply is not None
    regions = tuple(Region(text=text, kind="ocr", polygon=line(top)) for text, top in ROWS)
    copy = new_job(replace(job.source, etag="marked"), now=datetime.now(UTC))
    return replace(
        job, job_id=copy.job_id, created=copy.created, reply=replace(job.reply, regions=regions), plan=job.plan
    )


def line(top: int) -> tuple[tuple[float, float], ...]:
    left, right = 50 / RECEIPT[0], 670 / RECEIPT[0]
    upper, lower = top / RECEIPT[1], (top + 56) / RECEIPT[1]
    return ((left, upper), (right, upper), (right, lower), (left, lower))


def take(browser: Browser, url: str) -> None:
    page = open_page(browser, f"{url}/api/gallery", width=1200, height=760)
    save(page, "gallery")
    page.context.close()


def take_details(browser: Browser, url: str, job: str) -> None:
    page = open_page(browser, f"{url}/api/gallery?job={job}", width=1200, height=760, dark=True)
    expect(page.locator(".answer .text")).to_be_visible()
    save(page, "gallery-job-dark")
    page.context.close()
    page = open_page(browser, f"{url}/api/gallery?state=done", width=360, height=720)
    save(page, "gallery-phone")
    page.context.close()


def open_page(browser: Browser, address: str, *, width: int, height: int, dark: bool = False) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
        locale="en-GB",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(address)
    expect(page.locator(".thumb img").first).to_be_attached()
    page.wait_for_load_state("networkidle")
    return page


def save(page: Page, name: str) -> None:
    path = OUT / f"{name}.webp"
    Image.open(io.BytesIO(page.screenshot())).save(path, quality=QUALITY, method=6)
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} KB")


if __name__ == "__main__":
    main()
