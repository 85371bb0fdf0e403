"""`python -m local.video_index_standin`: the stand-in as a process of its own; prints one JSON line when it listens."""

from __future__ import annotations

import argparse
import json
import os
import sys

from local.video_index_standin.server import VideoIndexStandIn


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m local.video_index_standin", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 (default): any free port")
    parser.add_argument("--key", help="the only key that is let in; default: any")
    parser.add_argument("--polls", type=int, default=1, help="how often an ingestion is looked at before it is done")
    parser.add_argument("--camel", action="store_true", help="states as the reference spells them, not as the wire did")
    parser.add_argument("--retired", action="store_true", help="answer as an endpoint that no longer has the service")
    arguments = parser.parse_args(argv)
    try:
        standin = VideoIndexStandIn(**vars(arguments))
    except OSError as error:
        print(f"video-index stand-in: {error}", file=sys.stderr)
        return 2
    print(json.dumps({"base_url": standin.base_url, "pid": os.getpid()}), flush=True)
    try:
        standin.serve()
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
