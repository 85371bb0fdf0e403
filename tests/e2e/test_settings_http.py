"""Wrong settings as a caller sees them."""

from __future__ import annotations

import json

from shared.core.errors import SettingsInvalid
from shared.http.replies import refuse


def test_wrong_settings_are_the_service_s_fault_and_no_reason_to_retry():
    """Not available, every fault named, and no time after which a client should come back."""
    reply = refuse(SettingsInvalid(("VISION_MODEL is missing", "DAILY_BUDGET_USD has value 'x'")))
    error = json.loads(reply.get_body())["error"]

    assert (reply.status_code, error["code"]) == (503, "settings_invalid")
    assert "VISION_MODEL" in error["message"]
    assert "DAILY_BUDGET_USD" in error["message"]
    assert "Retry-After" not in reply.headers
