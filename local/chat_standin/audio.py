"""audio/transcriptions: nothing here can listen, so the answer says so, with what can be measured."""

from __future__ import annotations

import re

from local.chat_standin.wire import Answer, Refusal, StandInRequest, json_answer

PATH = re.compile(r"(/openai/deployments/[^/]+|/openai/v1|/v1)/audio/transcriptions")
MARK = "[offline transcriber, no model]"
MAX_BYTES = 25 * 1024 * 1024
FORM = re.compile(rb'name="response_format"\r\n(?:[^\r\n]+\r\n)*\r\n(\w+)')
FILE = re.compile(rb'name="file"; filename="([^"]+)"')


def is_transcription(request: StandInRequest) -> bool:
    return request.method == "POST" and PATH.fullmatch(request.path) is not None


def transcribe(request: StandInRequest) -> Answer:
    """A transcript that says that nothing listened: as text, or in segments where the form asks for verbose_json.
    Raises Refusal for a form without a file, or a body that is too large.
    """
    if FILE.search(request.body) is None:
        raise Refusal("Missing required parameter: 'file'.", code="missing_required_parameter", param="file")
    if len(request.body) > MAX_BYTES:
        raise Refusal("Maximum content size limit (26214400) exceeded.", status=413)
    text = f"{MARK} {len(request.body) // 1024} KB of sound; what is said in it is unknown here."
    form = FORM.search(request.body)
    if form is None or form[1] != b"verbose_json":
        return json_answer({"text": text})
    segment = {"id": 0, "start": 0.0, "end": 1.0, "text": text}
    return json_answer(
        {"task": "transcribe", "language": "english", "duration": 1.0, "text": text, "segments": [segment]}
    )
