"""The index flow over sockets: submit, wait, ask, search; every state and fault; nothing submitted twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

import azure.functions as func
import pytest
from azure.storage.blob import BlobServiceClient

from local.chat_standin import ChatStandIn
from local.video_index_standin import VideoIndexStandIn
from local.video_index_standin.app import PlayedFault
from shared.core.ask.video_flow import Search
from shared.core.errors import CapabilityMissing, ModelUnavailable, OptionsInvalid, SourceRejected
from shared.core.jobs.job import State
from shared.core.models.catalogue import look_up_model
from shared.core.money.budget import to_usd
from shared.core.settings import Settings
from shared.http import videos
from shared.pipeline.look_up import look_up, look_up_job
from shared.pipeline.ports import Allowance, Said
from shared.pipeline.questions import follow_up, rerun
from shared.pipeline.spending.reservations import DAY_SCOPE
from shared.pipeline.sweep import sweep
from shared.pipeline.video_index import search_videos, to_document
from shared.wiring import build
from tests.pipeline.world import Outbox, World
from tests.videos import clip, plain, ranges

pytestmark = pytest.mark.slow  # films are decoded

KEY = "made-up"


@dataclass
class IndexWorld(World):
    index: VideoIndexStandIn

    def run(self, name: str = "film.mp4", data: bytes | None = None, **options: str):
        """Until nothing is on the queue; the final job and all waits."""
        self.drop(name, data or clip(20, tone_hz=440), video="index", max_output_tokens="4000", **options)
        self.accept(name)
        waits = []
        while self.outbox.waiting:
            job, waited_s = self.analyze_next()
            waits.append((job.state, waited_s))
        return look_up(self.services, name), waits


@pytest.fixture
def world(storage: str, media) -> Iterator[IndexWorld]:
    with (
        ChatStandIn(model="gpt-4-vision-preview", ocr=False) as endpoint,
        VideoIndexStandIn(key=KEY) as index,
        BlobServiceClient.from_connection_string(storage) as blobs,
    ):
        clock = [datetime.now(UTC)]  # a SAS is checked against the real time
        outbox = Outbox(clock=clock)
        settings = Settings.from_environ(
            {
                "AzureWebJobsStorage": storage,
                "AZURE_OPENAI_ENDPOINT": endpoint.base_url,
                "AZURE_OPENAI_DEPLOYMENT": "eyes",
                "AZURE_OPENAI_API_KEY": "made-up",
                "AZURE_OPENAI_API_VERSION": "2023-12-01-preview",
                "VISION_MODEL": "gpt-4-vision-preview",
                "AZURE_VISION_ENDPOINT": index.base_url,
                "AZURE_VISION_KEY": KEY,
                "VIDEO_INDEX_NAME": "my-video-index",
            }
        )
        built = build(settings)
        services = replace(built, messages=outbox, media=media, now=lambda: clock[0], jitter=lambda: 0.0)
        yield IndexWorld(services=services, outbox=outbox, endpoint=endpoint, blobs=blobs, clock=clock, index=index)
        built.video_index.close()


def entries(world):
    return world.endpoint.app.journal.to_document()["entries"]


def submissions(world):
    return [path for method, path in world.index.app.requests if method == "PUT" and "/ingestions/" in path]


class Hearing:
    """A transcriber that hears one word at the start of every piece."""

    def close(self): ...

    def transcribe(self, _mp3):
        return [Said(at_s=0.0, text="hello")]


def test_asked_again_by_frames_it_is_listened_to(world):
    """The index listens for itself; another mode makes the sound that it needs."""
    film, _ = world.run()
    world.services = replace(world.services, transcriber=Hearing())
    again = rerun(world.services, film.job_id, {"video": "frames"}, key=None)
    world.finish_all()
    done = look_up_job(world.services, again.job_id)

    assert "sound" not in [item.role for item in film.media]
    assert [item.role for item in done.media] == ["poster", "sound"]
    assert done.normalized != ()


@pytest.mark.parametrize("camel", [False, True], ids=["as on the wire", "as in the reference"])
def test_a_video_goes_into_the_index_and_is_answered(world, camel):
    """Submitted once, waited for by delayed messages, asked with the extension; index and query are on the bill."""
    world.index.app.polls, world.index.app.camel = 3, camel
    job, waits = world.run()
    (entry,) = entries(world)
    items = {line.item: line for line in job.cost.breakdown}

    assert job.state is State.DONE
    assert [state for state, _ in waits] == [State.WAITING] * 4 + [State.DONE]
    assert [waited_s for _, waited_s in waits][1:] == sorted(waited_s for _, waited_s in waits[1:])
    assert len(submissions(world)) == 1
    assert entry["path"].endswith("/extensions/chat/completions")
    assert entry["images"] == 20
    assert "Frame at 00:01.0" in job.reply.text
    assert items["video index"].quantity == (Decimal("2.0") / 60).quantize(Decimal("0.0001"))
    assert items["video index query"].usd == Decimal("0.00025")
    assert job.cost.usd == sum((line.usd for line in job.cost.breakdown), Decimal(0))
    assert job.earlier_usd == items["video index"].usd
    assert job.media[0].role == "poster"


def test_budgets_hold_for_the_index(world):
    """A day that has money for the question but not for the minutes of index parks the job, and nothing is submitted;
    the most that was estimated is enough for both.
    """
    world.drop("film.mp4", clip(20), video="index", max_output_tokens="4000")
    estimate = world.accept("film.mp4").estimate
    world.set(daily_budget_usd=estimate.max_usd - Decimal("0.0001"))
    parked, _ = world.analyze_next()
    submitted = submissions(world)
    world.set(daily_budget_usd=estimate.max_usd)
    sweep(world.services)
    world.finish_all()
    job = look_up(world.services, "film.mp4")
    totals = world.services.ledger.totals(world.clock[0].date(), Allowance(scope=DAY_SCOPE, limit=None))

    assert (parked.state, parked.error.code, submitted) == (State.PARKED, "budget_exceeded", [])
    assert job.state is State.DONE
    assert estimate.usd <= job.cost.usd <= estimate.max_usd
    assert (to_usd(totals.spent), totals.reserved) == (job.cost.usd, 0)


@pytest.mark.parametrize(
    "made",
    [
        {"form": "matroska"},
        {"form": "avi", "codec": "mjpeg"},
        {"form": "webm", "codec": "libvpx", "gop": 5},
        {"form": "mov", "codec": "prores_ks"},
    ],
    ids=["copied", "encoded", "encoded from WebM", "encoded from ProRes in MOV"],
)
def test_other_containers_and_codecs_become_mp4(world, made):
    """Copied where the codec fits, else encoded; the index and the question get the MP4, which the result lists."""
    job, _ = world.run("film.bin", clip(20, **made))
    (mp4,) = [item for item in job.media if item.role == "video"]
    data = world.services.blobs.read("normalized", mp4.name)
    remade = world.services.media.frames.sample(ranges(data), model=look_up_model("gpt-4o"), detail="low")

    assert job.state is State.DONE
    assert (mp4.media_type, mp4.bytes, data[4:8]) == ("video/mp4", len(data), b"ftyp")
    assert (remade.info.frames, remade.info.width) == (20, 128)
    assert remade.info.duration_s == pytest.approx(2.0, abs=0.15)
    assert entries(world)[0]["images"] == 20


def test_it_says_what_it_waits_for(world):
    """Somebody who looks meanwhile sees that the video is being indexed."""
    world.drop("film.mp4", clip(20), video="index")
    world.accept("film.mp4")
    job, _ = world.analyze_next()

    assert (job.state, job.error.code, job.error.retryable) == (State.WAITING, "indexing", True)


def test_a_message_that_comes_twice_submits_once(world):
    """The service is asked first what it has."""
    world.drop("film.mp4", clip(20), video="index")
    job_id = world.accept("film.mp4").job_id
    for _ in range(3):
        world.analyze(job_id)
        world.pass_time(60)

    assert len(submissions(world)) == 1


def test_a_second_video_finds_the_index_there(world):
    """AlreadyExists is success."""
    first, _ = world.run("a.mp4")
    second, _ = world.run("b.mp4", clip(30))

    assert (first.state, second.state) == (State.DONE, State.DONE)


FAULTS = [
    (PlayedFault(status=503, method="GET"), State.DONE, None),
    (PlayedFault(status=500, method="PUT", times=2), State.DONE, None),
    (PlayedFault(status=429, method="PUT", retry_after_s=40), State.DONE, None),
    (PlayedFault(status=401, code="401", method="GET"), State.DONE, None),
    (PlayedFault(status=400, code="InvalidRequest", method="PUT"), State.FAILED, "index_refused"),
]


@pytest.mark.parametrize(("fault", "state", "code"), FAULTS)
def test_the_service_s_faults(world, fault, state, code):
    """What may pass is waited out; what will not ends the job with a hint at frames."""
    world.index.app.faults = [fault]
    job, _ = world.run()

    assert (job.state, job.error and job.error.code) == (state, code)
    if code:
        assert "video = frames" in job.error.hint


def test_a_failed_ingestion_keeps_its_reasons(world):
    """Code and innermost cause, as the service gave them; nothing is asked."""
    world.index.app.fail_ingestions = True
    job, _ = world.run()

    assert (job.state, job.error.code) == (State.FAILED, "index_failed")
    assert "OutputResultWriteFailed" in job.error.message
    assert "video = frames" in job.error.hint
    assert world.calls == 0


def test_an_index_that_never_ends_is_given_up(world):
    """After hours, with a code of its own."""
    world.index.app.polls = 10**6
    world.drop("film.mp4", clip(20), video="index")
    world.accept("film.mp4")
    world.analyze_next()
    world.pass_time(7 * 3600)
    job, _ = world.analyze_next()

    assert (job.state, job.error.code) == (State.FAILED, "index_timeout")


def test_a_retired_endpoint_names_frames(world):
    """Its address is there, the service is not."""
    world.index.app.retired = True
    job, waits = world.run()

    assert (job.state, job.error.code) == (State.FAILED, "capability_missing")
    assert "2025-06-30" in job.error.message
    assert "video = frames" in job.error.hint
    assert len(waits) == 1


CANNOT: list[tuple[dict[str, str], dict[str, str], str]] = [
    ({"AZURE_VISION_ENDPOINT": ""}, {}, "AZURE_VISION_ENDPOINT"),
    ({"VISION_MODEL": "gpt-4o"}, {}, "no Vision enhancements"),
    ({"AZURE_OPENAI_API_VERSION": ""}, {}, "no Vision enhancements"),
    ({"VIDEO_INDEX_NAME": "much-too-long-a-name-for-an-index"}, {}, "VIDEO_INDEX_NAME"),
]


@pytest.mark.parametrize(("changes", "made", "said"), CANNOT, ids=[row[2] for row in CANNOT])
def test_what_cannot_work_is_refused_before_anything_is_paid(world, storage, changes, made, said):
    """With a hint, and without a call to anybody."""
    environ = {
        "AzureWebJobsStorage": storage,
        "AZURE_OPENAI_ENDPOINT": world.endpoint.base_url,
        "AZURE_OPENAI_DEPLOYMENT": "eyes",
        "AZURE_OPENAI_API_KEY": "made-up",
        "AZURE_OPENAI_API_VERSION": "2023-12-01-preview",
        "VISION_MODEL": "gpt-4-vision-preview",
        "AZURE_VISION_ENDPOINT": world.index.base_url,
        "AZURE_VISION_KEY": KEY,
        **changes,
    }
    built = build(Settings.from_environ(environ))
    world.services = replace(world.services, settings=built.settings, video_index=built.video_index)
    job, _ = world.run(data=clip(10, **made))

    if built.video_index is not None:
        built.video_index.close()
    assert job.state is State.FAILED
    assert said in job.error.message
    assert (world.calls, world.index.app.requests) == (0, [])


def test_search_finds_moments_by_what_is_in_them(world):
    """Real frames: the red second of a film is found by its colour, under the upload's name."""
    frames = [plain("red" if 10 <= number < 20 else "blue") for number in range(30)]
    job, _ = world.run("cams/film.mp4", clip(frames))
    (hit,) = search_videos(world.services, Search(text="something red", top=5))
    moment = to_document(hit)

    assert job.state is State.DONE
    assert (moment["name"], moment["job_id"], moment["kind"]) == ("cams/film.mp4", job.job_id, "vision")
    assert 1.0 <= moment["best_s"] < 2.0


SEARCHES = [
    (Search(text="red", folder="cams"), 1),
    (Search(text="red", folder="other"), 0),
    (Search(text="red", kinds=("speech",)), 0),
    (Search(text="red", since="2020-01-01T00:00:00Z", until="2099-01-01T00:00:00Z"), 1),
    (Search(text="red", since="2099-01-01T00:00:00Z"), 0),
    (Search(text="red", skip=1), 0),
    (Search(text="red", dedup=False, top=100), 2),
    (Search(text="red", dedup=False, top=1), 1),
]


def test_search_filters_pages_and_dedups(world):
    """By folder, time and kind; one moment a video unless all are wanted."""
    world.run("cams/film.mp4", clip([plain("red")] * 10 + [plain("blue")] * 10))

    assert [len(search_videos(world.services, search)) for search, _ in SEARCHES] == [count for _, count in SEARCHES]


ASKED: list[tuple[dict[str, object], str | None]] = [
    ({"query": "red", "top": 1, "filters": {"kinds": ["vision"], "since": "2020-01-01T00:00:00+02:00"}}, None),
    ({}, "query"),
    ({"query": "red", "top": 0}, "top"),
    ({"query": "red", "filters": {"kinds": ["ocr"]}}, "kinds"),
    ({"query": "red", "filters": {"since": "yesterday"}}, "since"),
    ({"query": "red", "filters": {"camera": "1"}}, "camera"),
]


DROPPED_AS = {"camera_id": "yard", "recorded_at": "2026-01-31T08:00:00+01:00"}
BY_OPTIONS = [
    ({"camera_id": "yard"}, 1),
    ({"camera_id": "gate"}, 0),
    ({"camera_id": "yard", "folder": "elsewhere"}, 0),
    ({"since": "2026-01-31T07:00:00Z", "until": "2026-01-31T07:00:00Z"}, 1),
    ({"since": "2026-01-31T07:00:01Z"}, 0),
]


def search_request(body):
    headers = {"content-type": "application/json"}
    return func.HttpRequest(method="POST", url="/api/videos/search", headers=headers, body=json.dumps(body).encode())


def test_options_go_into_the_index_as_metadata(world):
    """The camera and the time of recording, in UTC, are what a search over HTTP is narrowed by."""
    world.run("cams/film.mp4", clip([plain("red")] * 10 + [plain("blue")] * 10), **DROPPED_AS)
    found = []
    for filters, _ in BY_OPTIONS:
        request = search_request({"query": "red", "filters": filters})
        found.append(len(json.loads(videos.search(world.services, request).get_body())["moments"]))

    assert found == [count for _, count in BY_OPTIONS]


def test_search_over_http(world):
    """Moments as JSON; a wrong field is named."""
    world.run("cams/film.mp4", clip([plain("red")] * 10 + [plain("blue")] * 10))
    for body, wrong in ASKED:
        request = search_request(body)
        if wrong is None:
            (moment,) = json.loads(videos.search(world.services, request).get_body())["moments"]
            assert moment["name"] == "cams/film.mp4"
        else:
            with pytest.raises(OptionsInvalid, match=wrong):
                videos.search(world.services, request)


def test_search_where_there_is_no_index(world):
    """Gone, and never set up, are two different answers; both name frames."""
    with pytest.raises(CapabilityMissing, match="my-video-index"):
        search_videos(world.services, Search(text="x"))
    with pytest.raises(CapabilityMissing, match="AZURE_VISION_ENDPOINT"):
        search_videos(replace(world.services, video_index=None), Search(text="x"))


def test_an_endpoint_that_is_down_is_not_one_that_is_gone(world):
    """A refused connection is tried again."""
    world.index.server.server_close()
    world.index.server.shutdown()
    with pytest.raises(ModelUnavailable):
        search_videos(world.services, Search(text="x"))


class CannotEncode:
    """The port `Media`, where encoding takes too long."""

    def __init__(self, media):
        self.media = media

    def __getattr__(self, name):
        return getattr(self.media, name)

    def mp4(self, file, *, copied):
        yield from list(self.media.mp4(file, copied=copied))[:1]
        raise SourceRejected("decoding took longer than 150 s", code="too_slow", hint="Upload a smaller copy.")


def test_a_film_that_cannot_be_encoded_in_time_is_refused_with_a_way_out(world):
    """The index takes MP4 only: the job ends, unpaid, and says what to do."""
    world.services = replace(world.services, media=CannotEncode(world.services.media))
    job, waits = world.run("film.webm", clip(10, form="webm", codec="libvpx"))

    assert (job.state, job.error.code, waits) == (State.FAILED, "too_slow", [])
    assert job.error.message == "no MP4 can be made for the index: decoding took longer than 150 s"
    assert "video = frames" in job.error.hint


def test_a_later_question_finds_the_video_in_the_index(world):
    """Submitted once, on the bill once; the second question has the conversation."""
    first, _ = world.run()
    asked = follow_up(world.services, first.job_id, {"prompt": "And then?"}, key=None)
    world.finish_all()
    done = look_up_job(world.services, asked.job_id)
    before, after = entries(world)
    least, most = bounds(asked)

    assert (done.state, len(submissions(world))) == (State.DONE, 1)
    assert {line.item for line in first.cost.breakdown} - {line.item for line in done.cost.breakdown} == {"video index"}
    assert after["prompt_tokens"] > before["prompt_tokens"] + 50
    assert least <= done.cost.usd <= most


def bounds(job):
    return job.estimate.usd, job.estimate.max_usd


def test_asked_again_after_a_failure_it_is_submitted_again(world):
    """Under the new job's name: the failed ingestion stays failed."""
    world.index.app.fail_ingestions = True
    failed, _ = world.run()
    world.index.app.fail_ingestions = False
    again = rerun(world.services, failed.job_id, {"prompt": "Once more?"}, key=None)
    world.finish_all()
    done = look_up_job(world.services, again.job_id)

    assert (failed.state, done.state, len(submissions(world))) == (State.FAILED, State.DONE, 2)
    assert "video index" in {line.item for line in done.cost.breakdown}


def test_the_option_query_finds_moments_of_this_video(world):
    """They stand in the plan, best first, and one more query on the bill; another film with them stays out."""
    red = [plain("red" if 10 <= number < 20 else "blue") for number in range(30)]
    world.run("cams/other.mp4", clip([plain("red")] * 10 + [plain("blue")] * 10))
    job, _ = world.run("cams/film.mp4", clip(red), query="something red")
    moments = job.plan.facts["moments"]
    (line,) = [line for line in job.cost.breakdown if line.item == "video index query"]

    assert job.state is State.DONE
    assert 1.0 <= moments[0]["best_s"] < 2.0
    assert moments[0]["relevance"] > moments[-1]["relevance"]
    assert line.quantity == 2
    assert job.cost.usd <= job.estimate.max_usd
