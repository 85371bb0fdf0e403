"""The options that hold for an upload: its metadata, then the folders' files from the nearest up, then the settings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from shared.core import limits
from shared.core.ask.options import Options, effective
from shared.core.ask.options_file import (
    options_files,
    parse_budget,
    parse_metadata,
    parse_options_file,
)
from shared.core.errors import NotFound, OptionsInvalid
from shared.core.places import UPLOADS
from shared.core.plain_json import is_plain_json
from shared.core.settings import DEFAULT_PROMPT, Settings
from shared.pipeline.ports import Services, Upload

SCHEMA_SUFFIX = ".json"
VIDEO_PROMPT = (
    "These pictures are frames of one video, in order, each with its time before it. "
    "Describe what happens in the video for someone who cannot see it. Read out any text in it."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """What one options file or the metadata says; names in it are looked up in `folder` first ("a/", "" for the
    root).
    """

    folder: str
    given: Mapping[str, Any]


def read_folders(services: Services, name: str) -> dict[str, bytes]:
    """The options files that apply to an upload, nearest first, with their text."""
    texts = {file: read_if_there(services, file, most=limits.OPTIONS_FILE_BYTES.value) for file in options_files(name)}
    return {file: text for file, text in texts.items() if text is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The options that hold for an upload, and whether its deployment comes from the settings rather than from an
    option.
    """

    options: Options
    default_deployment: bool


def read_options(services: Services, upload: Upload, folders: Mapping[str, bytes], *, is_video: bool) -> Chosen:
    """The options that hold for an upload. A video's many frames are looked at in low detail unless its options say
    otherwise.

    Raises OptionsInvalid naming the option and where it stands.
    """
    defaults = default_options(services.settings, is_video=is_video)
    layers = read_layers(upload, folders)
    schema = {"schema": read_named_schema(services, layers)}
    return Chosen(
        options=effective([schema, *(layer.given for layer in layers)], defaults=defaults),
        default_deployment=not any("model" in layer.given for layer in layers),
    )


def default_options(settings: Settings, *, is_video: bool) -> Options:
    """The options that hold where no file, metadata or request says otherwise."""
    return Options(
        prompt=default_prompt(settings, is_video=is_video),
        model=settings.endpoint.deployment,
        detail="low" if is_video else settings.default_detail,
        max_output_tokens=settings.max_output_tokens,
    )


def with_changes(services: Services, chosen: Chosen, changes: Mapping[str, Any]) -> Chosen:
    """The options with a request's changes; a schema may be the name of an upload.

    A default deployment is the one that the settings name now. Raises OptionsInvalid for a schema that is not there.
    """
    schema = read_schema(services, changes.get("schema", chosen.options.schema))
    by_default = chosen.default_deployment and "model" not in changes
    default = {"model": services.settings.endpoint.deployment} if by_default else {}
    options = replace(chosen.options, **{**default, **changes, "schema": schema})
    return Chosen(options=options, default_deployment=by_default)


def read_layers(upload: Upload, folders: Mapping[str, bytes]) -> list[Layer]:
    """All options that are given for an upload, the strongest first. Raises OptionsInvalid for a wrong one."""
    own = parse_metadata(upload.metadata, where=f"metadata of {upload.name}")
    files = [
        Layer(folder=folder_of(name), given=parse_options_file(body, where=name)) for name, body in folders.items()
    ]
    return [Layer(folder=folder_of(upload.name), given=own), *files]


def folder_of(name: str) -> str:
    """The folder in which an upload lies, with its slash; "" for the root."""
    return name[: name.rfind("/") + 1]


def default_prompt(settings: Settings, *, is_video: bool) -> str:
    """The question where no option gives one. The built-in prompt speaks of a picture; an operator's own is used for
    both.
    """
    return VIDEO_PROMPT if is_video and settings.default_prompt == DEFAULT_PROMPT else settings.default_prompt


def folders_with_budget(folders: Mapping[str, bytes]) -> tuple[str, ...]:
    """The folders whose files set a budget, each with its slash, "" for the root. Raises OptionsInvalid."""
    return tuple(folder_of(name) for name, body in folders.items() if parse_budget(body, where=name) is not None)


def read_if_there(services: Services, name: str, *, most: int) -> bytes | None:
    """The first `most` bytes of an upload and one more, which shows that it is too long; None when there is no such
    upload.

    Whoever may upload decides how long such a file is, so it is never read whole.
    """
    try:
        return services.blobs.read(UPLOADS, name, part=(0, most))
    except NotFound:
        return None


def read_named_schema(services: Services, layers: Sequence[Layer]) -> dict[str, Any] | None:
    """The schema of the strongest layer that has one; a name is looked up in the folder of the file that gives it.
    Raises OptionsInvalid for a schema that is not there or not JSON.
    """
    for layer in layers:
        if "schema" in layer.given:
            return read_schema(services, layer.given["schema"], folder=layer.folder)
    return None


def read_schema(services: Services, schema: dict[str, Any] | str | None, *, folder: str = "") -> dict[str, Any] | None:
    """The JSON Schema that is given, or that is in the upload of this name: in `folder` first, then from the root.

    Raises OptionsInvalid when there is no such upload, or it is not a JSON object of a reasonable size.
    """
    if not isinstance(schema, str):
        return schema
    for name in dict.fromkeys((folder + schema, schema)):
        body = read_if_there(services, name, most=limits.SCHEMA_BYTES.value)
        if body is not None:
            return parse_schema(body, name=name)
    places = f"neither beside its options file nor from the root of {UPLOADS}" if folder else f"not in {UPLOADS}"
    hint = "Put it there, or give the schema itself."
    raise OptionsInvalid(f"schema names {schema!r}, which is {places}", field="schema", hint=hint)


def is_schema_file(services: Services, name: str) -> bool:
    """Whether an upload is the schema of an options file in its folder or in one above, and so not a picture to ask
    about. Only JSON files are looked at, so that other uploads cost nothing more.
    """
    if not name.lower().endswith(SCHEMA_SUFFIX):
        return False
    return any(name in schema_names(file, body) for file, body in read_folders(services, name).items())


def schema_names(file: str, body: bytes) -> tuple[str, ...]:
    """The uploads that may hold the schema of an options file; none if it names no schema, or is broken."""
    try:
        schema = parse_options_file(body, where=file).get("schema")
    except OptionsInvalid:
        return ()
    return (folder_of(file) + schema, schema) if isinstance(schema, str) else ()


def parse_schema(body: bytes, *, name: str) -> dict[str, Any]:
    """The schema in a file. Raises OptionsInvalid naming the file."""
    most = limits.SCHEMA_BYTES.value
    hint = f"It may have {most} bytes and {limits.JSON_LEVELS.value} levels."
    if len(body) > most:
        raise OptionsInvalid(f"schema {name!r} has more than {most} bytes", field="schema", hint=hint)
    try:
        schema = json.loads(body)
    except (ValueError, RecursionError):
        schema = None
    if not isinstance(schema, dict) or not is_plain_json(schema):
        raise OptionsInvalid(f"schema {name!r} is not a JSON object, or nested too deeply", field="schema", hint=hint)
    return schema
