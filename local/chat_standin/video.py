"""The video enhancement: finds the document in the index that the request names, and samples frames of its video.

As the service did it: 20 frames in low detail, from the address in `videoUrls`, whatever the index has seen of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

from local.chat_standin.pictures import SentPicture, read_picture
from local.chat_standin.wire import Refusal
from local.video_index_standin.frames import SeenFrame, read_frames
from shared.core.ask.parts import timecode
from shared.core.ask.video_flow import API_VERSION
from shared.core.errors import VisiondropError
from shared.core.models.catalogue import Model

SOURCE = "AzureComputerVisionVideoIndex"
FRAME_SEARCH_TOKENS = 700  # "roughly", by Microsoft's price example
TIMEOUT_S = 10


def read_video(sources: object, document_id: str, *, model: Model) -> tuple[SentPicture, ...]:
    parameters = parameters_of(sources)
    check_document(parameters, document_id)
    urls = parameters.get("videoUrls")
    if not isinstance(urls, list) or len(urls) != 1:
        raise Refusal("The 'video' enhancement takes exactly one entry in 'videoUrls'.")
    try:
        frames = read_frames(str(urls[0]))
    except VisiondropError as error:
        raise Refusal(f"'Video sampling' failed: {error.message}.") from error
    return tuple(to_picture(frame, model) for frame in frames)


def parameters_of(sources: object) -> Mapping[str, Any]:
    found = [one for one in sources if isinstance(one, dict)] if isinstance(sources, list) else []
    source = next((one for one in found if one.get("type") == SOURCE), None)
    parameters = source.get("parameters") if source else None
    if not isinstance(parameters, dict):
        raise Refusal(f"The 'video' enhancement requires a data source of type '{SOURCE}'.")
    return parameters


def check_document(parameters: Mapping[str, Any], document_id: str) -> None:
    base, index = str(parameters.get("computerVisionBaseUrl", "")), quote(str(parameters.get("indexName", "")))
    asked = Request(
        f"{base}/retrieval/indexes/{index}/documents?api-version={API_VERSION}&$top=1000",
        headers={"Ocp-Apim-Subscription-Key": str(parameters.get("computerVisionApiKey", ""))},
    )
    try:
        with urlopen(asked, timeout=TIMEOUT_S) as response:
            documents = json.load(response)["value"]
    except HTTPError as error:
        raise Refusal(f"'Video sampling' failed: the index answered {error.code}.") from error
    except (URLError, ValueError, KeyError) as error:
        raise Refusal("'Video sampling' failed: the index cannot be reached.") from error
    if all(document["documentId"] != document_id for document in documents):
        raise Refusal("'Video sampling' failed: Document does not exist.", code="404", status=404)


def to_picture(frame: SeenFrame, model: Model) -> SentPicture:
    label = f"Frame at {timecode(frame.at_s)}"
    return read_picture(frame.jpeg, model=model, detail="low", label=label, dialect="azure", param="dataSources")
