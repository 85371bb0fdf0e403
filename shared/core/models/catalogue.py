"""What each model can do and how it counts a picture: one dated row per model, looked up by name.

An unknown model is an error that names the file to edit, never a silent default or a guess by prefix: two models whose
names differ by one word count pictures by different rules. The rows are in model_rows.py, the constants of the counting
rules in image_rules.py, the sources behind both in sources.py; prices are in prices.py, end dates in retirement.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from shared.core.errors import UnknownModel
from shared.core.models.image_rules import Detail, EditRule, ImageRule, PatchLimit, PatchRule, TileRule
from shared.core.models.model_rows import MODELS
from shared.core.models.model_types import Host, HostLimits, Model

__all__ = [
    "MODELS",
    "Detail",
    "EditRule",
    "Host",
    "HostLimits",
    "ImageRule",
    "Model",
    "PatchLimit",
    "PatchRule",
    "TileRule",
    "host_limits",
    "look_up_model",
]

MEBIBYTE = 1024 * 1024

# Azure's how-to still says 10 pictures; its quotas page says 50 and so does the error a user sees ("Max is 50").
# For GPT-5 and later Azure publishes no number, and no size newer than 20 MB per picture (S10).
AZURE_LIMITS = HostLimits(
    documented_images=10,
    measured_images=50,
    image_bytes=20 * MEBIBYTE,
    request_bytes=None,
    sources=("S18", "S10"),
)
# 20 MB per picture in 2023, 50 MB and 500 pictures until 2026-03; today's page bounds the whole request (S1).
OPENAI_LIMITS = HostLimits(
    documented_images=1500,
    measured_images=None,
    image_bytes=None,
    request_bytes=512 * MEBIBYTE,
    sources=("S1",),
)


def _names() -> Iterator[tuple[str, Model]]:
    for model in MODELS:
        yield model.name, model
        for alias in model.aliases:
            yield alias, model


MODELS_BY_NAME: dict[str, Model] = dict(_names())


def look_up_model(name: str) -> Model:
    """The model whose name or alias is exactly `name`. Raises UnknownModel."""
    model = MODELS_BY_NAME.get(name)
    if model is None:
        raise UnknownModel(name, hint=_hint(name))
    return model


def _hint(name: str) -> str:
    add = "Add its row to shared/core/models/model_rows.py, or set VISION_MODEL to the model behind the deployment."
    near = get_close_matches(name.strip().lower(), MODELS_BY_NAME, n=3, cutoff=0.6)
    return f"{add} Names like it: {', '.join(near)}." if near else add


def host_limits(host: Host) -> HostLimits:
    """What `host` takes per request; a server of your own is held to Azure's numbers, which are stricter."""
    return OPENAI_LIMITS if host == "openai" else AZURE_LIMITS
