"""The loopback sockets that the servers of the local run listen on."""

from __future__ import annotations

import os
import socket

LOOPBACK = "127.0.0.1"


def listen(port: int) -> socket.socket:
    """A listening socket; 0 takes any free port. Raises OSError when the port is taken."""
    # Only for a socket that names TCP does asyncio switch Nagle's algorithm off; else every answer waits 44 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":  # on Windows this option would let two servers share the port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener
