"""The fuzzer of films in small: broken films of every container end in frames or in a documented refusal."""

from __future__ import annotations

from bench.fuzz_films import FORMS, made, run
from shared.core.media.decode_limits import DecodeLimits
from shared.core.media.kinds import sniff

SEEDS = list(made())
DOCUMENTED = {"ok", "ok, partial", "corrupt", "unsupported", "too_large", "empty"}


def test_no_mutant_gets_out_of_the_table():
    """No crash, no hang, no exception but SourceRejected, and both outcomes occur."""
    outcomes, findings, _ = run(SEEDS, 120, 20_261_128, DecodeLimits(max_seconds=20))

    assert findings == []
    assert set(outcomes) <= DOCUMENTED
    assert outcomes["corrupt"]
    assert outcomes["ok"] + outcomes["ok, partial"]


def test_the_seeds_are_of_all_containers():
    """Each is told by its bytes as what it was made as."""
    assert len(SEEDS) == len(FORMS)
    assert {sniff(seed).format for seed in SEEDS} == {
        "ts", "mpeg", "m2v", "asf", "flv", "ogv", "mxf", "webm", "mp4", "mov", "mkv", "avi",
    }  # fmt: skip
