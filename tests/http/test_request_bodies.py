"""JSON bodies of requests: what is wrong is named by its field, with what to give instead."""

from __future__ import annotations

import json

import pytest

from shared.core.errors import OptionsInvalid
from shared.http.questions import ASK_FIELDS, RERUN_FIELDS
from shared.http.requests import check_object, parse_object
from shared.http.uploads import TICKET_FIELDS
from shared.http.videos import SEARCH_FIELDS, SEARCH_FILTERS

RERUN = (RERUN_FIELDS, ())
ASK = (ASK_FIELDS, ("prompt",))
SEARCH = (SEARCH_FIELDS, ("query",))
FILTER = (SEARCH_FILTERS, ())
TICKET = (TICKET_FIELDS, ("name",))

WRONG = [
    (RERUN, b'{"detail": "medium"}', "detail"),
    (RERUN, b'{"detail": 5}', "detail"),
    (RERUN, b'{"promt": "x"}', "promt"),
    (RERUN, b'{"daily_budget_usd": 5}', "daily_budget_usd"),
    (RERUN, b'{"prompt": " "}', "prompt"),
    (RERUN, b'{"prompt": 5, "detail": "medium"}', "prompt"),
    (RERUN, b'{"frames": 5000}', "frames"),
    (RERUN, b'{"frames": true}', "frames"),
    (RERUN, b'{"frames": 5.0}', "frames"),
    (RERUN, b'{"frames": null}', "frames"),
    (RERUN, b'{"schema": 5}', "schema"),
    (RERUN, b'{"schema": {"a": NaN}}', "body"),
    (RERUN, b'{"schema": ' + b'{"a":' * 70 + b"1" + b"}" * 70 + b"}", "body"),
    (RERUN, b'{"schema": {"title": "\\ud800"}}', "body"),
    (RERUN, b'{"schema": {"a": ' + b"9" * 5000 + b"}}", "body"),
    (RERUN, b'{"prompt": "a", "prompt": "b"}', "body"),
    (RERUN, b'{"schema": {"a": 1, "a": 2}}', "body"),
    (RERUN, b'{"recorded_at": "2026-01-31"}', "recorded_at"),
    (RERUN, b'{"recorded_at": "2026-01-31T08:00"}', "recorded_at"),
    (ASK, b'{"sources": ["a"]}', "prompt"),
    (ASK, b'{"sources": [], "prompt": "x"}', "sources"),
    (ASK, b'{"sources": ["a", 5], "prompt": "x"}', "sources"),
    (ASK, b'{"job_id": "zz", "prompt": "x"}', "job_id"),
    (ASK, b'{"frames": 5, "prompt": "x"}', "frames"),
    (SEARCH, b'{"query": "x", "filters": []}', "filters"),
    (SEARCH, b'{"query": "x", "top": 101}', "top"),
    (FILTER, b'{"folders": "a"}', "folders"),
    (FILTER, b'{"since": "soon"}', "since"),
    (FILTER, b'{"kinds": ["vision", "smell"]}', "kinds"),
    (TICKET, b'{"name": "a", "bytes": 0}', "bytes"),
    (TICKET, b'{"name": "a", "content_type": "\\u00e9"}', "content_type"),
    (TICKET, b"[]", "body"),
    (TICKET, b"", "body"),
    (TICKET, b"\xff", "body"),
    (TICKET, b'{"name"', "body"),
]


@pytest.mark.parametrize(("route", "body", "field"), WRONG, ids=range(len(WRONG)))
def test_a_wrong_body_names_its_field(route, body, field):
    """With a hint that says what would do; the value is told only where it is short."""
    fields, required = route
    with pytest.raises(OptionsInvalid) as refused:
        check_object(parse_object(body), fields, required)

    assert refused.value.field == field
    assert refused.value.hint
    assert len(refused.value.message) < 200


KEPT = [
    (RERUN, {"prompt": " What? "}, {"prompt": "What?"}),
    (RERUN, {"recorded_at": " 2026-01-31T08:00:00Z "}, {"recorded_at": "2026-01-31T08:00:00Z"}),
    (RERUN, {"schema": " form.json "}, {"schema": "form.json"}),
    (FILTER, {"since": " 2026-01-31T08:00:00Z "}, {"since": "2026-01-31T08:00:00Z"}),
    (TICKET, {"name": " a.jpg "}, {"name": " a.jpg "}),
]


@pytest.mark.parametrize(("route", "given", "kept"), KEPT, ids=range(len(KEPT)))
def test_texts_are_kept_without_the_blanks_around_them(route, given, kept):
    """As options in files are; a name is taken as it is."""
    fields, required = route

    assert check_object(parse_object(json.dumps(given).encode()), fields, required) == kept
