"""Runs inside the peers' environment: texts on stdin, their token counts by OpenAI's own tokenizers on stdout."""

from __future__ import annotations

import json
import sys

import tiktoken

ENCODINGS = ("o200k_base", "cl100k_base")

if __name__ == "__main__":
    texts = json.load(sys.stdin)
    encodings = {name: tiktoken.get_encoding(name) for name in ENCODINGS}
    print(json.dumps([{name: len(encodings[name].encode(text)) for name in ENCODINGS} for text in texts]))
