"""Interlaced frames, which are two moments in every other line: one moment is kept, its missing lines are made anew.

Runs in the child process only.
"""

from __future__ import annotations

import av
from av.filter import Graph
from av.video.frame import VideoFrame

FILTER = "estdif"
"""Edge slope tracing: of FFmpeg's deinterlacers the one that needs no neighbouring frames."""

ONE_PER_FRAME = "mode=frame:deint=interlaced"


def progressive(frame: VideoFrame) -> VideoFrame:
    """The frame itself, or, if it is interlaced, a frame of one of its two moments."""
    if not frame.interlaced_frame:
        return frame
    graph = Graph()
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base)
    source.link_to(lines := graph.add(FILTER, ONE_PER_FRAME))
    lines.link_to(graph.add("buffersink"))
    graph.configure()
    try:
        for _ in range(2):  # it gives the first when it sees the second
            graph.push(frame)
        found = graph.pull()
    except (av.FFmpegError, ValueError):
        return frame
    return found if isinstance(found, VideoFrame) else frame
