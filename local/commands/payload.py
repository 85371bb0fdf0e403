"""`./visiondrop payload`: the request that files would be asked with. Nothing is sent, and secrets are masked."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from local.model_choice import DEFAULT_MODEL
from shared.core import limits
from shared.core.ask.options import Options
from shared.core.ask.payload import IndexedVideo, Payload, Question, Target, build_payload, masked
from shared.core.errors import OptionsInvalid, SettingsInvalid, SourceRejected, VisiondropError
from shared.core.masking import MASK
from shared.core.media.kinds import HEAD_BYTES, sniff
from shared.core.media.picture import Picture
from shared.core.models.api_versions import look_up_api_version
from shared.core.models.catalogue import Detail, look_up_model
from shared.core.settings import DEFAULT_PROMPT, read_endpoint
from shared.core.settings_values import Reader

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Mapping

SUMMARY = "the request that files would be asked with; nothing is sent"
DETAILS: tuple[Detail, ...] = ("auto", "low", "high", "original")

# Stand-ins for what the environment does not name: a request can be read without having an account.
AZURE_ENDPOINT = "https://YOUR-RESOURCE.openai.azure.com"
VISION_ENDPOINT = "https://YOUR-VISION-RESOURCE.cognitiveservices.azure.com"
VIDEO_ADDRESS = "https://YOUR-STORAGE.blob.core.windows.net/uploads/{name}?YOUR-SAS"
VIDEO_DOCUMENT, VIDEO_INDEX = "YOUR-DOCUMENT-ID", "YOUR-INDEX"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", type=Path, help="pictures of one request, or one video")
    parser.add_argument("--model", metavar="M", help=f"whose rules hold; default: VISION_MODEL or {DEFAULT_MODEL}")
    parser.add_argument("--api-version", metavar="V", help="a dated Azure version; default: the v1 API")
    parser.add_argument("--detail", choices=DETAILS, default="high", help="default: high")
    parser.add_argument("--ocr", action="store_true", help="Vision enhancement of legacy models: read text")
    parser.add_argument("--grounding", action="store_true", help="Vision enhancement of legacy models: find objects")
    parser.add_argument("--video", choices=["index"], help="ask about a video in an Azure AI Vision index (legacy)")
    parser.add_argument("--prompt", metavar="P", default=DEFAULT_PROMPT)
    parser.add_argument("--schema", metavar="FILE", type=Path, help="a JSON Schema for the answer")
    parser.add_argument("--full", action="store_true", help="pictures as their base64 instead of their byte count")
    parser.add_argument("--json", action="store_true", help="for a program: implies --full, no remarks")


def run(arguments: Namespace) -> int:
    return show(arguments, os.environ)


def show(arguments: Namespace, environ: Mapping[str, str]) -> int:
    try:
        target = read_target(arguments, environ)
        question = read_question(arguments, environ)
        payload = build_payload(question, target)
    except VisiondropError as error:
        print(complaint(error, arguments), file=sys.stderr)
        return 1
    full = arguments.full or arguments.json
    print(json.dumps(shown(masked(payload, full=full), target), indent=2, ensure_ascii=False))
    if not arguments.json:
        for remark in (*payload.notes, *map(size_of, arguments.files, question.attached)):
            print(f"note: {remark}", file=sys.stderr)
    return 0


def complaint(error: VisiondropError, arguments: Namespace) -> str:
    """The error's message with settings named as the user named them: an argument wins over the setting, and nothing
    has to be restarted here.
    """
    hint = "" if isinstance(error, SettingsInvalid) else error.hint
    said = f"visiondrop payload: {error.message}. {hint}".rstrip()
    return said.replace("AZURE_OPENAI_API_VERSION", "--api-version") if arguments.api_version else said


def shown(payload: Payload, target: Target) -> dict[str, Any]:
    """The request with the header that the adapter adds, masked: a dated Azure API has its own."""
    dated = look_up_api_version(target.api_version).dated
    credential = {"api-key": MASK} if dated else {"authorization": f"Bearer {MASK}"}
    headers = payload.headers | credential
    return {"method": payload.method, "url": payload.url, "headers": headers, "body": payload.body}


def size_of(path: Path, picture: Picture) -> str:
    size = f"{picture.width}x{picture.height}"
    return f"{path.name}: {picture.media_type}, {size}, {len(picture.data):,} bytes, sent as it is"


def read_target(arguments: Namespace, environ: Mapping[str, str]) -> Target:
    """The endpoint that the environment names, or an example of one; --model and --api-version win.

    Only Azure has dated versions, so asking for one leaves an OpenAI key in the environment aside.
    """
    name = arguments.model or environ.get("VISION_MODEL") or DEFAULT_MODEL
    example = {"AZURE_OPENAI_DEPLOYMENT": name, "VISION_MODEL": name}
    if not environ.get("AZURE_OPENAI_ENDPOINT") and (arguments.api_version or not names_openai(environ)):
        example["AZURE_OPENAI_ENDPOINT"] = AZURE_ENDPOINT
    model = look_up_model(name)
    reader = Reader({**example, **{name: value for name, value in environ.items() if value}})
    endpoint = read_endpoint(reader)
    if reader.faults:
        raise SettingsInvalid(tuple(reader.faults))
    return Target(
        kind=endpoint.kind,
        base_url=endpoint.base_url,
        deployment=arguments.model or endpoint.deployment,
        model=model,
        api_version=arguments.api_version or endpoint.api_version,
        vision_endpoint=environ.get("AZURE_VISION_ENDPOINT") or VISION_ENDPOINT,
        vision_key=environ.get("AZURE_VISION_KEY") or MASK,
    )


def names_openai(environ: Mapping[str, str]) -> bool:
    return bool(environ.get("OPENAI_API_KEY") or environ.get("OPENAI_BASE_URL"))


def read_question(arguments: Namespace, environ: Mapping[str, str]) -> Question:
    video = read_video(arguments.files, environ) if arguments.video else None
    options = Options(
        prompt=arguments.prompt,
        model=arguments.model or "",
        detail=arguments.detail,
        max_output_tokens=limits.MAX_OUTPUT_TOKENS.value,
        schema=read_schema(arguments.schema) if arguments.schema else None,
        ocr=arguments.ocr,
        grounding=arguments.grounding,
    )
    pictures = () if video else tuple(read_picture(path) for path in arguments.files)
    return Question.of(options, pictures=pictures, video_index=video)


def read_picture(path: Path) -> Picture:
    """The picture in a file, with its own bytes and its upright size from the header."""
    from shared.adapters.pixels.open import inspect

    data = read_bytes(path)
    if sniff(data[:HEAD_BYTES]).kind == "video":
        raise SourceRejected(
            f"{path.name} is a video, which is sent as frames",
            code="unsupported",
            hint=f"Make them with ./visiondrop normalize {path} --out DIR, then name the files in DIR.",
        )
    info = inspect(data)
    return Picture(data=data, media_type=info.kind.media_type, width=info.width, height=info.height)


def read_video(paths: list[Path], environ: Mapping[str, str]) -> IndexedVideo:
    """The indexed video that the arguments name, and its blob; its bytes stay where they are."""
    path, *more = paths
    if more or sniff(read_bytes(path, HEAD_BYTES)).kind != "video":
        raise OptionsInvalid("--video index takes one video file", field="video", hint="Name one MP4 or MOV file.")
    return IndexedVideo(
        index_name=environ.get("VIDEO_INDEX_NAME") or VIDEO_INDEX,
        document_id=VIDEO_DOCUMENT,
        video_url=VIDEO_ADDRESS.format(name=quote(path.name)),
    )


def read_schema(path: Path) -> dict[str, Any]:
    try:
        schema = json.loads(read_bytes(path))
    except ValueError as fault:
        raise OptionsInvalid(f"{path} is not JSON ({fault})", field="schema", hint="Give a JSON Schema.") from fault
    if not isinstance(schema, dict):
        raise OptionsInvalid(f"{path} is not a JSON object", field="schema", hint="Give a JSON Schema.")
    return schema


def read_bytes(path: Path, size: int = -1) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(size)
    except OSError as fault:
        raise SourceRejected(f"{path} cannot be read ({fault.strerror})", code="unsupported") from fault
