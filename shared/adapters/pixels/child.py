"""The process that decodes, so that no picture takes the app down: pixels/worker.py starts it and may kill it.

It has no keys in its environment, a cap on its memory, and answers every request with a value or a SourceRejected.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import IO, Any

from shared.adapters.decoding.pictures import send_pictures
from shared.adapters.decoding.wire import receive, receive_block, send
from shared.adapters.pixels.normalize import StillDecoder
from shared.adapters.pixels.open import inspect
from shared.core.codec import from_json, to_json
from shared.core.errors import SourceRejected
from shared.core.media.decode_limits import MEGABYTE, DecodeLimits
from shared.core.media.picture_plan import FramePlan, ImagePlan
from shared.core.media.tiles import PageTiles

DATA_FIELD = 5  # of /proc/self/statm, in pages; see proc(5)
SLACK_BYTES = 64 * MEGABYTE  # stacks of decoder threads, the sent picture, the interpreter's own growth


def serve(requests: IO[bytes], replies: IO[bytes]) -> None:
    """Answer the requests about each file: `limits` with its bytes by `info`; then `plan` and `cut` by `pictures`, and
    `measure` by `em_px`, until a null `plan` ends it.
    """
    while True:
        try:
            limits = from_json(DecodeLimits, receive(requests)["limits"])
        except EOFError:
            return
        data = receive_block(requests, limit=limits.max_bytes)
        try:
            info = inspect(data, limits)
            send(replies, {"info": to_json(info)})
            decoder = StillDecoder(data, info, limits)
            while answer_one(receive(requests), decoder, replies):
                pass
        except SourceRejected as error:
            send(replies, {"rejected": {"message": error.message, "code": error.code, "hint": error.hint}})


def answer_one(request: dict[str, Any], decoder: StillDecoder, replies: IO[bytes]) -> bool:
    """Whether more may be asked about the file."""
    if "measure" in request:
        frames = [from_json(FramePlan, one) for one in request["measure"]]
        send(replies, {"em_px": list(decoder.measure(frames))})
        return True
    if request["plan"] is None:
        return False
    plan = from_json(ImagePlan, request["plan"])
    pages = [from_json(PageTiles, one) for one in request.get("cut", ())]
    send_pictures(replies, decoder.cut(pages, plan) if pages else decoder.render(plan))
    return True


def cap_memory(max_bytes: int) -> None:
    """Cap this process's private writable memory, in bytes above what it has so far. Address space would be the wrong
    measure: glibc reserves 64 MB of it per thread. macOS and Windows have no such cap.
    """
    if sys.platform != "linux":
        return
    import resource  # noqa: PLC0415 -- POSIX only

    data_pages = int(Path("/proc/self/statm").read_text().split()[DATA_FIELD])
    cap = data_pages * resource.getpagesize() + max_bytes + SLACK_BYTES
    resource.setrlimit(resource.RLIMIT_DATA, (cap, cap))


def main(max_decode_bytes: str) -> None:
    """Serve the parent. Decoders that print would break the protocol: the protocol gets stdout, they get stderr."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    cap_memory(int(max_decode_bytes))
    send(replies, {"ready": True})
    serve(sys.stdin.buffer, replies)


if __name__ == "__main__":
    main(sys.argv[1])
