"""Real files that nobody here made, each with the class that independent decoders agree on. Skips where absent."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path

import pytest
from PIL import Image

from shared.adapters.pixels.worker import PixelWorker
from shared.core.errors import SourceRejected
from shared.core.media.decode_limits import MEGABYTE
from shared.core.media.kinds import sniff
from shared.core.models.catalogue import look_up_model
from shared.core.models.tokens import best_size
from tests.pictures import opened

CORPUS = Path(__file__).parents[4] / "shared" / "media"
MANIFEST = CORPUS / "manifest.json"
ENTRIES = json.loads(MANIFEST.read_text())["entries"] if MANIFEST.exists() else []
STILLS = [entry for entry in ENTRIES if entry["kind"] != "video"]
MODEL = look_up_model("gpt-4o")

# The corpus' policy counts these formats as unsupported; this program reads them.
READ_BEYOND_THE_POLICY = {"ico", "jp2", "pdf", "psd"}
CLASSES = {
    "corrupt": "reject-corrupt",
    "empty": "reject-corrupt",
    "too_large": "reject-too-large",
    "unsupported": "reject-unsupported",
}
MAX_FINGERPRINT_DIFFERENCE = 6.0  # correct readers differ by 0.7 at most at the 90th percentile
LOOSE_DIFFERENCE = 25.0  # CMYK without a profile: readers disagree

pytestmark = pytest.mark.skipif(not ENTRIES, reason="the corpus is not here")


@pytest.fixture(scope="module")
def worker():
    with PixelWorker() as running:
        yield running


def named(entries):
    return [pytest.param(entry, id=entry["path"]) for entry in entries]


def normalize(worker, entry, detail="high"):
    return worker.normalize_image((CORPUS / entry["path"]).read_bytes(), model=MODEL, detail=detail, max_images=4)


@pytest.mark.parametrize("entry", named(entry for entry in ENTRIES if entry["real_format"] != "unknown"))
def test_the_kind_is_told_from_the_bytes(entry):
    """Images, videos and everything else, under whatever name; one HEIC was taken for a video by its judges."""
    known = {"image/libheif__github_50.heic": "heic"}
    found = sniff((CORPUS / entry["path"]).read_bytes())
    assert found.format == known.get(entry["path"], entry["real_format"])


@pytest.mark.parametrize("entry", named(STILLS))
def test_each_picture_gets_its_class(worker, entry):
    """Accepted where the judges accept, refused with the kind of refusal they gave."""
    if entry["real_format"] in READ_BEYOND_THE_POLICY:
        assert normalize(worker, entry).pictures
        return
    try:
        found = "ok-animated" if normalize(worker, entry).info.frames > 1 else "ok"
    except SourceRejected as error:
        found = CLASSES[error.code]
    assert found in accepted_classes(entry)


def accepted_classes(entry):
    """Pages and frames both count as several pictures here; the manifest calls only frames animated."""
    classes = set(entry["acceptable"])
    return classes | {"ok", "ok-animated"} if classes & {"ok", "ok-animated"} else classes


ACCEPTED = [entry for entry in STILLS if "expected_high" in entry and entry["expected"].startswith("ok")]


@pytest.mark.parametrize("entry", named(ACCEPTED))
@pytest.mark.parametrize("detail", ["high", "low"])
def test_each_picture_gets_its_size(worker, entry, detail):
    """What the model sees, or the cheaper size just below it; upright."""
    try:
        image = normalize(worker, entry, detail)
    except SourceRejected:
        assert "reject-corrupt" in entry["acceptable"]
        return
    seen = tuple(entry[f"expected_{detail}"])
    best = best_size(MODEL, detail=detail, width=seen[0], height=seen[1])
    sent = (image.pictures[0].width, image.pictures[0].height)
    assert any(
        abs(sent[0] - width) <= 1 and abs(sent[1] - height) <= 1 for width, height in (seen, (best.width, best.height))
    )


FINGERPRINTED = [entry for entry in ACCEPTED if entry.get("fingerprint_rgb16")]


@pytest.mark.parametrize("entry", named(FINGERPRINTED))
def test_each_picture_looks_right(worker, entry):
    """Orientation, colours, transparency and depth, compared with other decoders on 16x16 averages."""
    try:
        image = normalize(worker, entry)
    except SourceRejected:
        assert "reject-corrupt" in entry["acceptable"]
        return
    small = opened(image.pictures[0].data).convert("RGB").resize((16, 16), Image.Resampling.BOX).tobytes()
    wanted = base64.b64decode(entry["fingerprint_rgb16"])
    difference = sum(abs(a - b) for a, b in zip(small, wanted, strict=True)) / len(wanted)
    assert difference < (LOOSE_DIFFERENCE if entry.get("fingerprint_note") else MAX_FINGERPRINT_DIFFERENCE)


def peak_bytes(worker):
    status = Path(f"/proc/{worker.child.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def refused_or_not(worker, entry):
    try:
        normalize(worker, entry)
    except SourceRejected as error:
        return error.code
    return "ok"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_file_exceeds_the_memory_of_the_smallest_instance():
    """All of the corpus in one child: with the app's 105 MB its peak stays below 512 MB."""
    with PixelWorker() as worker:
        assert [refused_or_not(worker, entry) for entry in STILLS]
        assert peak_bytes(worker) < 400 * MEGABYTE


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_bombs_are_refused_in_little_memory():
    """Up to 900 megapixels announced by a few bytes: refused by the header, in less than 100 MB."""
    bombs = [entry for entry in STILLS if entry["expected"] == "reject-too-large"]
    with PixelWorker() as worker:
        assert {refused_or_not(worker, entry) for entry in bombs} == {"too_large"}
        assert peak_bytes(worker) < 100 * MEGABYTE
