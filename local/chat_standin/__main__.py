"""`python -m local.chat_standin`: the stand-in as a process of its own; prints one JSON line once it answers."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import Any

from local.chat_standin.script import load_script_document
from local.chat_standin.server import ChatStandIn
from shared.core.errors import UnknownModel


def parse_arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.chat_standin", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 (default): any free port")
    parser.add_argument("--model", default="gpt-5.1", help="whose rules count tokens and refuse parameters")
    parser.add_argument("--deployment", action="append", default=[], metavar="NAME[=MODEL]", help="others get a 404")
    parser.add_argument("--api-key", help="the only key that is let in; default: any")
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--max-images", type=int, help="per request; default: the model's limit")
    parser.add_argument("--tpm", type=int, dest="tokens_per_minute")
    parser.add_argument("--rpm", type=int, dest="requests_per_minute")
    parser.add_argument("--no-ocr", action="store_false", dest="ocr", help="do not run tesseract, even if it is there")
    parser.add_argument("--script", default="[]", metavar="FILE|JSON", help="faults to play, see script.py")
    return parser.parse_args(argv)


def to_settings(arguments: argparse.Namespace) -> dict[str, Any]:
    settings = {name: value for name, value in vars(arguments).items() if name not in {"port", "deployment"}}
    pairs = (entry.partition("=") for entry in arguments.deployment)
    settings["deployments"] = {name: model or arguments.model for name, _, model in pairs}
    settings["script"] = load_script_document(arguments.script)
    return settings


def main(argv: list[str]) -> int:
    arguments = parse_arguments(argv)
    try:
        standin = ChatStandIn(port=arguments.port, **to_settings(arguments))
    except (OSError, ValueError, UnknownModel) as error:
        print(f"chat stand-in: {error}", file=sys.stderr)
        return 2
    ready = {"base_url": standin.base_url, "model": arguments.model, "pid": os.getpid()}
    try:
        standin.serve(lambda: print(json.dumps(ready), flush=True))
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
