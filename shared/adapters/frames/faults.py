"""What a film's decoder complains of, as an error of the user's file: its size, its kind, or its bytes.

`corrupt` is for a film whose own data is damaged; one that this reader does not know is `unsupported`. Runs in the
child only.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import av

from shared.core.errors import SourceRejected
from shared.core.media.kinds import Kind

UNKNOWN = (
    av.error.DecoderNotFoundError,
    av.error.ExperimentalError,
    av.error.NotImplementedError,
    av.error.PatchWelcomeError,
)
DAMAGED = (av.FFmpegError, OSError)
"""Of FFmpeg, and of the pipe, when more is read than a file of that size needs."""

DAMAGED_PACKET = (av.error.InvalidDataError, av.error.PatchWelcomeError)
"""Left out, as players do; what comes after may be decoded."""

ANOTHER_COPY = "Export it as MP4 with H.264 and upload that."


class NothingDecodes(Exception):
    """Not one picture could be decoded. `error` is the decoder's last fault, if there was one."""

    def __init__(self, error: av.FFmpegError | None) -> None:
        super().__init__("nothing decodes")
        self.error = error


@contextmanager
def decoder_errors(kind: Kind) -> Iterator[None]:
    """A context in which the decoder's faults become SourceRejected with "too_large", "unsupported" or "corrupt"."""
    try:
        yield
    except NothingDecodes as error:
        raise (unknown(kind) if isinstance(error.error, UNKNOWN) else corrupt(kind)) from error
    except (MemoryError, av.error.MemoryError) as error:
        raise SourceRejected(
            f"the {kind.label} video needs too much memory to decode", code="too_large", hint="Upload a smaller copy."
        ) from error
    except UNKNOWN as error:
        raise unknown(kind) from error
    except DAMAGED as error:
        raise corrupt(kind) from error
    except ValueError as error:  # of PyAV, for a number that it has no name for: FFmpeg's own are caught above
        raise unknown(kind) from error


def corrupt(kind: Kind) -> SourceRejected:
    return SourceRejected(
        f"the {kind.label} video cannot be read", code="corrupt", hint="Play it, export it again and upload that."
    )


def unknown(kind: Kind) -> SourceRejected:
    return SourceRejected(
        f"the {kind.label} video contains something that its reader does not support",
        code="unsupported",
        hint=ANOTHER_COPY,
    )
