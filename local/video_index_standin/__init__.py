"""Azure AI Vision's Video Retrieval on loopback (2023-05-01-preview): its names, states, faults, and real frames.

The service retired on 2025-06-30, so this is all there is to run the index flow against. A request goes: server.py
(socket) → app.py (key, routes, errors) → index.py (indexes, ingestions, documents) → frames.py (reads the video by its
address and samples it). Searches rank real frames by the colours that the query names: no model is here, and every
answer says so in the header x-visiondrop-offline.
"""

from local.video_index_standin.server import VideoIndexStandIn

__all__ = ["VideoIndexStandIn"]
