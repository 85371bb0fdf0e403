"""Which model endpoint a local run asks: the one that the user's environment names, or the chat stand-in."""

from __future__ import annotations

from collections.abc import Mapping

from shared.core.models.catalogue import MODELS_BY_NAME

ENDPOINT_NAMES = ("AZURE_OPENAI_ENDPOINT", "OPENAI_BASE_URL", "OPENAI_API_KEY")
MODEL_NAMES = ("AZURE_OPENAI_DEPLOYMENT", "VISION_MODEL")
MODEL_SETTINGS = (
    *ENDPOINT_NAMES,
    *MODEL_NAMES,
    "AZURE_OPENAI_API_KEY",
    "AZURE_OPENAI_API_VERSION",
    "OPENAI_MODEL",
    "VISION_DEPLOYMENTS",
)
DEFAULT_MODEL = "gpt-5.1"
INDEX_KEY = {"AZURE_VISION_KEY": "offline"}  # the stand-in lets any key in


def named_endpoint(environ: Mapping[str, str]) -> str | None:
    """The endpoint that the environment names, for printing; None if it names none.

    An endpoint or a key alone does not count: many shells hold one, and a demo must not spend money unasked.
    """
    endpoint = next((environ[name] for name in ENDPOINT_NAMES[:2] if environ.get(name)), None)
    if endpoint is None and environ.get("OPENAI_API_KEY"):
        endpoint = "OpenAI"
    return endpoint if any(environ.get(name) for name in MODEL_NAMES) else None


def standin_model(environ: Mapping[str, str]) -> str:
    """The model whose rules the stand-in follows: a VISION_MODEL given alone chooses it."""
    return environ.get("VISION_MODEL") or DEFAULT_MODEL


def wants_video_index(environ: Mapping[str, str]) -> bool:
    """Whether the model can be asked about videos in an index, which only that of 2023 could; a name that no row has is
    refused elsewhere.
    """
    model = MODELS_BY_NAME.get(standin_model(environ))
    return model is not None and model.enhancements


def standin_environ(environ: Mapping[str, str], base_url: str, index_url: str = "") -> dict[str, str]:
    """The environment with every setting of a real model replaced by the stand-in's; `index_url` is the video index's.

    The others are empty, not absent, which counts as unset and keeps a local.settings.json from filling them in.
    """
    index = {"AZURE_OPENAI_API_VERSION": "2023-12-01-preview", "AZURE_VISION_ENDPOINT": index_url, **INDEX_KEY}
    return {**environ, **dict.fromkeys(MODEL_SETTINGS, ""), **(index if index_url else {})} | {
        "AZURE_OPENAI_ENDPOINT": base_url,
        "AZURE_OPENAI_DEPLOYMENT": "offline-describer",
        "AZURE_OPENAI_API_KEY": "offline",  # the stand-in lets any key in
        "VISION_MODEL": standin_model(environ),
    }
