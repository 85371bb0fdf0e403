"""A chat completions endpoint on loopback that looks at pictures with Pillow instead of a model.

One request goes: server.py (socket, ASGI) → app.py (key, script, limits, journal) → question.py (read and refuse)
→ chat.py (describe and count) → replies.py (the wire shapes). It checks, prices and throttles as the service does,
and it never pretends to be a model: its text, `model` field and `x-visiondrop-offline` header all say so.
"""

from local.chat_standin.app import StandInSettings
from local.chat_standin.server import ChatStandIn

__all__ = ["ChatStandIn", "StandInSettings"]
