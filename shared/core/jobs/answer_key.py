"""The same question about the same pixels: a key that copies, renames and repeated drops share."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from shared.core.ask.options import Options
from shared.core.codec import to_json

NOT_PART_OF_THE_QUESTION = ("reuse", "camera_id", "recorded_at")


def answer_key(options: Options, *, model: str, api: str, pictures: Sequence[str]) -> str:
    """`pictures` are the sha256 of the normalized bytes in order, with their moments where they have any."""
    asked = {name: value for name, value in to_json(options).items() if name not in NOT_PART_OF_THE_QUESTION}
    question = {"options": asked, "model": model, "api": api, "pictures": list(pictures)}
    return hashlib.sha256(json.dumps(question, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
