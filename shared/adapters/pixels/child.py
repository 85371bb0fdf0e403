"""The process that decodes, so that no picture takes the app down: pixels/worker.py starts it and may kill it.

It has no keys in its environment, a cap on its memory, and answers every request with a value or a SourceRejected.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING

from shared.adapters.decoding.pictures import send_pictures
from shared.adapters.decoding.wire import receive, receive_block, send
from shared.adapters.pixels.normalize import render
from shared.adapters.pixels.open import inspect
from shared.core.codec import from_json, to_json
from shared.core.errors import SourceRejected
from shared.core.media.decode_limits import MEGABYTE, DecodeLimits
from shared.core.media.picture_plan import ImagePlan

if TYPE_CHECKING:
    from shared.core.media.picture_plan import ImageInfo

DATA_FIELD = 5  # of /proc/self/statm, in pages; see proc(5)
SLACK_BYTES = 64 * MEGABYTE  # stacks of decoder threads, the sent picture, the interpreter's own growth


def serve(requests: IO[bytes], replies: IO[bytes]) -> None:
    """Answer two requests per picture: `limits` with its bytes is answered by `info`, then `plan` by `pictures`."""
    while True:
        try:
            limits = from_json(DecodeLimits, receive(requests)["limits"])
        except EOFError:
            return
        data = receive_block(requests, limit=limits.max_bytes)
        try:
            info = inspect(data, limits)
            send(replies, {"info": to_json(info)})
            answer_plan(data, info, limits, requests, replies)
        except SourceRejected as error:
            send(replies, {"rejected": {"message": error.message, "code": error.code, "hint": error.hint}})


def answer_plan(data: bytes, info: ImageInfo, limits: DecodeLimits, requests: IO[bytes], replies: IO[bytes]) -> None:
    """Send the planned pictures. A null plan means that the picture was refused for what its header says."""
    plan = receive(requests)["plan"]
    if plan is None:
        return
    send_pictures(replies, render(data, info, from_json(ImagePlan, plan), limits=limits))


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
