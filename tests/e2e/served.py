"""What function_app declares, read in a process of its own: an app tells its functions only once."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
CODE = """
import inspect, json, function_app
def told(one):
    return json.loads(one.get_raw_bindings()[0]) | {"is_async": inspect.iscoroutinefunction(one.get_user_function())}
print(json.dumps({one.get_function_name(): told(one) for one in function_app.app.get_functions()}))
"""


@cache
def triggers() -> dict[str, dict[str, Any]]:
    """Each function's trigger, as the host gets to see it."""
    shown = subprocess.run([sys.executable, "-c", CODE], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    found: dict[str, dict[str, Any]] = json.loads(shown)
    return found


def http_triggers() -> dict[str, dict[str, Any]]:
    return {name: trigger for name, trigger in triggers().items() if trigger["type"] == "httpTrigger"}
