"""`python -m tests.chaos.worker`: the app under the local functions host, with leases of seconds.

The real host takes up to ten minutes to give a dead worker's messages to another; the order of things is the same.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from pathlib import Path

from local.host.host import Host

MESSAGE_LEASE_S = 6.0
RETRY_AFTER = "00:00:01"


def main() -> None:
    logging.basicConfig(level=logging.INFO)
    logging.getLogger("azure").setLevel(logging.ERROR)
    root = Path(__file__).parents[2]
    host_json = json.loads((root / "host.json").read_text())
    host_json["extensions"]["queues"] |= {"visibilityTimeout": RETRY_AFTER, "maxPollingInterval": "00:00:00.200"}
    with Host(root / "function_app.py", environ=os.environ, host_json=host_json, lease_s=MESSAGE_LEASE_S) as host:
        sys.stdout.write(json.dumps({"url": host.url}) + "\n")
        sys.stdout.flush()
        threading.Event().wait()  # until it is killed


if __name__ == "__main__":
    main()
