"""The fuzzer in small: broken pictures of every format end in pictures or in a documented refusal."""

from __future__ import annotations

from bench.fuzz_normalize import mutants, run
from shared.core.media.decode_limits import DecodeLimits
from tests.pdfs import leaflet
from tests.pictures import encoded, exif, heic, photo, quarters, swapped_profile

SEEDS = [
    encoded(photo((120, 90)), "JPEG", exif=exif(orientation=6, gps=True), icc_profile=swapped_profile()),
    encoded(photo((120, 90)), "JPEG", progressive=True),
    encoded(quarters(), "PNG", exif=exif(orientation=3)),
    encoded(quarters().quantize(8), "PNG", transparency=0),
    encoded(quarters(), "GIF", save_all=True, append_images=[photo((96, 64))]),
    encoded(photo((120, 90)), "WEBP", save_all=True, append_images=[photo((120, 90))]),
    encoded(quarters(), "TIFF", compression="tiff_lzw"),
    encoded(quarters().convert("1"), "TIFF", compression="group4"),
    encoded(quarters(), "BMP"),
    encoded(photo((120, 90)), "AVIF"),
    encoded(photo((120, 90)), "JPEG2000"),
    encoded(quarters(), "ICO", sizes=[(32, 32), (64, 64)]),
    heic(photo((120, 90))),
    leaflet(2),
]
DOCUMENTED = {"ok", "ok, partial", "corrupt", "unsupported", "too_large", "empty"}


def test_no_mutant_gets_out_of_the_table():
    """No crash, no hang, no exception but SourceRejected, and both outcomes occur."""
    outcomes, findings, _ = run(SEEDS, 300, 20_261_121, DecodeLimits(max_seconds=20))
    assert findings == []
    assert set(outcomes) <= DOCUMENTED
    assert outcomes["corrupt"]
    assert outcomes["ok"] + outcomes["ok, partial"]


def test_a_seed_repeats_its_mutants():
    """A finding can be looked at again."""
    assert list(mutants(SEEDS, 20, 5)) == list(mutants(SEEDS, 20, 5))
    assert list(mutants(SEEDS, 20, 5)) != list(mutants(SEEDS, 20, 6))
