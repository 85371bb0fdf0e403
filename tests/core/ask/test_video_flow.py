"""The index flow as a value: what comes next for every state, and the wire of 2023-05-01-preview both ways."""

from __future__ import annotations

import math
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.core import limits
from shared.core.ask.video_flow import (
    INDEX_LONGEST_WAIT_S,
    Ask,
    Document,
    FlowSubmit,
    GiveUp,
    Ingestion,
    Moment,
    Search,
    Wait,
    check_index_name,
    check_search,
    fault_of,
    flow_of,
    index_body,
    ingestion_body,
    next_step,
    parse_ingestion,
    parse_moments,
    search_body,
    seconds,
    wait_s,
)
from shared.core.errors import OptionsInvalid, ReplyMalformed, SettingsInvalid

JOB = "a1b2c3d4" * 4
FLOW = flow_of(JOB, "my-video-index", turns=1, since_s=60)
GOOD = Document(document_id=JOB, succeeded=True)
BAD = Document(document_id=JOB, succeeded=False, fault="InvalidVideo: no frames")
OTHER = Document(document_id="other", succeeded=True)


def found(state, *documents, fault=""):
    return Ingestion(state=state, fault=fault, documents=documents)


STEPS = [
    (None, FlowSubmit(), "not submitted yet"),
    (found("notstarted"), Wait(seconds=10.0), "accepted"),
    (found("running"), Wait(seconds=10.0), "at work"),
    (found("completed"), Ask(), "done, no details"),
    (found("completed", GOOD), Ask(), "done"),
    (found("completed", OTHER, GOOD), Ask(), "done among others"),
    (found("completed", BAD), GiveUp, "done without it"),
    (found("partiallysucceeded", GOOD), Ask(), "it is in, others are not"),
    (found("partiallysucceeded", BAD, OTHER), GiveUp, "others are in, it is not"),
    (found("partiallysucceeded", OTHER), GiveUp, "nothing is said about it"),
    (found("failed", fault="FailedToProcessBatch"), GiveUp, "failed"),
    (found("exploded"), GiveUp, "a state that nobody documented"),
]


@pytest.mark.parametrize(("status", "step", "why"), STEPS, ids=[row[2] for row in STEPS])
def test_every_state_has_a_next_step(status, step, why):
    """No state is waited on for ever, and none is taken for success by accident."""
    chosen = next_step(FLOW, status)

    assert isinstance(chosen, step) if isinstance(step, type) else chosen == step, why


def test_giving_up_says_why():
    """The service's own code and innermost message reach the result."""
    failed = next_step(FLOW, found("failed", fault="FailedToProcessBatch: x; OutputResultWriteFailed: y"))
    left_out = next_step(FLOW, found("completed", BAD))

    assert isinstance(failed, GiveUp)
    assert "OutputResultWriteFailed" in failed.message
    assert isinstance(left_out, GiveUp)
    assert "no frames" in left_out.message


def test_patience_ends():
    """A service that never finishes does not keep a job for ever."""
    late = flow_of(JOB, "i", turns=900, since_s=limits.INDEX_PATIENCE_S.value + 1)

    assert next_step(late, found("running")) == GiveUp(
        code="index_timeout", message="the index was not done after 6.0 h"
    )
    assert next_step(late, found("completed", GOOD)) == Ask()


@given(st.integers(0, 10_000))
def test_waits_grow_up_to_a_limit(turns):
    """Never shorter than before, never over two minutes."""
    assert 0 < wait_s(turns) <= wait_s(turns + 1) <= INDEX_LONGEST_WAIT_S


NAMES = [
    ("my-video-index", True),
    ("a", True),
    ("A1", True),
    ("a" * 24, True),
    ("a" * 25, False),
    ("12345678-1234-1234-1234-123456789abc", True),
    ("12345678-1234-1234-1234-123456789abcd", False),
    ("-a", False),
    ("a-", False),
    ("a--b", False),
    ("a b", False),
    ("", False),
    ("a/b", False),
]


@pytest.mark.parametrize(("name", "fits"), NAMES)
def test_names_of_indexes(name, fits):
    """24 characters, or a GUID of 36: longer ones are made, but the chat API does not find their documents."""
    if fits:
        assert check_index_name(name) == name
    else:
        with pytest.raises(SettingsInvalid, match="VIDEO_INDEX_NAME"):
            check_index_name(name)


def test_names_come_from_the_job():
    """A turn after a crash finds what the one before has begun, and both names fit."""
    again = flow_of(JOB, "my-video-index", turns=5, since_s=600)

    assert (again.ingestion_name, again.document_id) == (FLOW.ingestion_name, FLOW.document_id)
    assert len(FLOW.ingestion_name) <= 24


def test_the_index_and_the_ingestion_as_documented():
    """Vision and speech; every metadata field is in the schema; the transcript's name without the samples' typo."""
    schema = index_body()
    metadata = {"name": "a.mp4", "folder": "cams", "timestamp": "2026-11-21 12:00:00"}
    body = ingestion_body(FLOW, url="https://e.example/v.mp4?sig=x", metadata=metadata)

    assert schema["features"] == [{"name": "vision"}, {"name": "speech"}]
    names = {field["name"] for field in schema["metadataSchema"]["fields"]}
    assert set(body["videos"][0]["metadata"]) <= names
    assert names == {name.lower() for name in names}
    assert body["includeSpeechTranscript"] is True
    assert (body["videos"][0]["mode"], body["videos"][0]["documentId"]) == ("add", JOB)


SEARCHES = [
    (Search(text="a red car"), {"queryText": "a red car", "top": 10, "skip": 0, "dedup": True}),
    (
        Search(text="x", top=3, skip=6, dedup=False, folder="cams", kinds=("vision",)),
        {
            "queryText": "x",
            "top": 3,
            "skip": 6,
            "dedup": False,
            "filters": {
                "stringFilters": [{"fieldName": "folder", "values": ["cams"]}],
                "featureFilters": ["vision"],
            },
        },
    ),
    (
        Search(text="x", since="2026-01-01T00:00:00Z"),
        {
            "queryText": "x",
            "top": 10,
            "skip": 0,
            "dedup": True,
            "filters": {"datetimeFilters": [{"fieldName": "timestamp", "startTime": "2026-01-01T00:00:00Z"}]},
        },
    ),
]


@pytest.mark.parametrize(("search", "body"), SEARCHES)
def test_searches(search, body):
    """All filters stand inside `filters`."""
    assert search_body(search) == body


@pytest.mark.parametrize(
    "search", [Search(text="x", top=0), Search(text="x", skip=-1), Search(text="x", kinds=("ocr",))]
)
def test_searches_out_of_range(search):
    """The field is named."""
    with pytest.raises(OptionsInvalid):
        check_search(search)


STATES = ["notStarted", "NotStarted", "running", "Running", "completed", "Completed", "PARTIALLYSUCCEEDED"]


@pytest.mark.parametrize("state", STATES)
def test_states_in_either_case(state):
    """The reference and the wire differ."""
    assert parse_ingestion({"state": state}).state == state.lower()


def test_a_recorded_failure():
    """The error stands inside a good answer, with its cause in `details`."""
    error = {
        "code": "FailedToProcessBatch",
        "message": "Failed to process the batch.",
        "details": [{"code": "OutputResultWriteFailed", "message": "An unexpected error was encountered."}],
    }
    failed = parse_ingestion({"name": "my-ingestion", "state": "Failed", "error": error, "batchName": "72e4"})

    assert failed.fault == (
        "FailedToProcessBatch: Failed to process the batch.; "
        "OutputResultWriteFailed: An unexpected error was encountered."
    )


@pytest.mark.parametrize("spelling", ["innererror", "innerError"])
def test_inner_errors_in_either_spelling(spelling):
    """The service uses both."""
    error = {"code": "A", "message": "a", spelling: {"code": "B", "message": "b", spelling: {"code": "C"}}}

    assert fault_of(error) == "A: a; B: b; C"


NAMES_ON_THE_WIRE = st.sampled_from(["state", "error", "fileStatusDetails", "code", "details", "innererror"])
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(NAMES_ON_THE_WIRE, inner),
)


@given(ANY_JSON)
@example({"state": "", "fileStatusDetails": True})
def test_any_json_is_an_ingestion_or_a_malformed_reply(body):
    """Nothing else comes out."""
    with suppress(ReplyMalformed):
        parse_ingestion(body)


TIMES = [
    ("00:00:07", 7.0),
    ("00:01:02.5000000", 62.5),
    ("01:00:00.1234567", 3600.123),
    ("", 9.0),
    (None, 9.0),
    ("7", 9.0),
]


@pytest.mark.parametrize(("text", "at_s"), TIMES)
def test_times(text, at_s):
    """hh:mm:ss with up to seven digits after it; what is none gets the default."""
    assert seconds(text, 9.0) == at_s


def test_moments():
    """A recorded shape; the kinds in the words that searches use."""
    row = {
        "documentId": JOB,
        "documentKind": "VideoFrame",
        "start": "00:00:04",
        "end": "00:00:08",
        "best": "00:00:05.5000000",
        "relevance": 0.23759,
        "additionalMetadata": {},
    }
    speech = {"documentId": "d", "documentKind": "SpeechTextSegment", "start": "00:00:01", "relevance": 0.85}

    assert parse_moments({"value": [row, speech]}) == (
        Moment(document_id=JOB, start_s=4.0, end_s=8.0, best_s=5.5, relevance=0.23759, kind="vision"),
        Moment(document_id="d", start_s=1.0, end_s=1.0, best_s=1.0, relevance=0.85, kind="speech"),
    )
    with pytest.raises(ReplyMalformed):
        parse_moments({"error": {}})


@given(ANY_JSON)
@example({"relevance": "0.2"})
@example({"relevance": 10**400, "start": "9" * 5000 + ":00:00"})
@example({"relevance": [1], "start": "٣:00:00", "best": {}})
def test_any_row_of_a_search_is_a_moment(row):
    """Fields of another form count as nothing; a search is not lost over one row."""
    moments = parse_moments({"value": [row]})

    assert len(moments) == isinstance(row, dict)
    assert all(math.isfinite(moment.relevance) and moment.start_s >= 0 for moment in moments)
