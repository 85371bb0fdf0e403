"""The options that hold for an upload: its metadata, then the folders' files from the nearest up, then the settings."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from shared.core import limits
from shared.core.ask.options import Options, effective, options_files, parse_budget, parse_metadata, parse_options_file
from shared.core.errors import NotFound, OptionsInvalid
from shared.core.places import OPTIONS_FILE, UPLOADS
from shared.core.plain_json import is_plain_json
from shared.core.settings import DEFAULT_PROMPT, Settings
from shared.pipeline.ports import Services, Upload

VIDEO_PROMPT = (
    "These pictures are frames of one video, in order, each with its time before it. "
    "Describe what happens in the video for someone who cannot see it. Read out any text in it."
)


def read_folders(services: Services, name: str) -> dict[str, bytes]:
    """The options files that apply to an upload, nearest first, with their text."""
    texts = {file: read_if_there(services, file) for file in options_files(name)}
    return {file: text for file, text in texts.items() if text is not None}


def read_options(services: Services, upload: Upload, folders: dict[str, bytes], *, is_video: bool) -> Options:
    """A video's many frames are looked at in low detail, unless its options say otherwise."""
    layers = [parse_metadata(upload.metadata, where=f"metadata of {upload.name}")]
    layers += [parse_options_file(text, where=name) for name, text in folders.items()]
    settings = services.settings
    defaults = Options(
        prompt=default_prompt(settings, is_video=is_video),
        model=settings.endpoint.deployment,
        detail="low" if is_video else settings.default_detail,
        max_output_tokens=settings.max_output_tokens,
    )
    options = effective(layers, defaults=defaults)
    return replace(options, schema=read_schema(services, options.schema))


def default_prompt(settings: Settings, *, is_video: bool) -> str:
    """The built-in prompt speaks of a picture; an operator's own prompt is taken for both."""
    return VIDEO_PROMPT if is_video and settings.default_prompt == DEFAULT_PROMPT else settings.default_prompt


def folders_with_budget(folders: dict[str, bytes]) -> tuple[str, ...]:
    """Each with its slash, "" for the root."""
    return tuple(
        name.removesuffix(OPTIONS_FILE) for name, text in folders.items() if parse_budget(text, where=name) is not None
    )


def read_if_there(services: Services, name: str) -> bytes | None:
    try:
        return services.blobs.read(UPLOADS, name)
    except NotFound:
        return None


def read_schema(services: Services, schema: dict[str, Any] | str | None) -> dict[str, Any] | None:
    """A schema given by name is a blob beside the uploads."""
    if schema is None or isinstance(schema, dict):
        return schema
    text = read_if_there(services, schema)
    if text is None:
        hint = f"Put it into the container {UPLOADS!r} under this name, or give the schema itself."
        raise OptionsInvalid(f"schema names {schema!r}, which is not in {UPLOADS}", field="schema", hint=hint)
    hint = f"It may have {limits.SCHEMA_BYTES.value} bytes and {limits.JSON_LEVELS.value} levels."
    if len(text) > limits.SCHEMA_BYTES.value:
        raise OptionsInvalid(f"schema {schema!r} has {len(text)} bytes", field="schema", hint=hint)
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict) or not is_plain_json(body):
        raise OptionsInvalid(f"schema {schema!r} is not a JSON object, or nested too deeply", field="schema", hint=hint)
    return body
