"""Queue triggers against Azurite: retries, poison, leases, encodings, timeouts."""

from __future__ import annotations

import threading

import azure.functions as func
import pytest

from local.host import Host
from local.host.options import QueueOptions
from local.host.queue_listener import Backoff, QueueListener
from tests.host.sandbox import QUICK, Sandbox, encoded, until


def test_a_message_reaches_the_function_decoded_and_is_deleted(sandbox: Sandbox, app: func.FunctionApp) -> None:
    """Base64 on the wire, text in the function, gone after success."""
    seen: list[tuple[str, int | None]] = []

    @app.queue_trigger(arg_name="message", queue_name=sandbox.name, connection="")
    def work(message: func.QueueMessage) -> None:
        seen.append((message.get_body().decode(), message.dequeue_count))

    sandbox.queue().send_message(encoded('{"job": "é"}'))
    sandbox.host(app)
    until(lambda: sandbox.is_empty(sandbox.name))
    assert seen == [('{"job": "é"}', 1)]


def test_a_failing_message_is_tried_five_times_and_then_poison(sandbox: Sandbox, app: func.FunctionApp) -> None:
    """Each redelivery says so in the dequeue count; the poison message is the original text."""
    counts: list[int | None] = []

    @app.queue_trigger(arg_name="message", queue_name=sandbox.name, connection="")
    def work(message: func.QueueMessage) -> None:
        counts.append(message.dequeue_count)
        raise ValueError("no")

    sandbox.queue().send_message(encoded("bad"))
    sandbox.host(app)
    assert until(lambda: sandbox.bodies(f"{sandbox.name}-poison")) == [encoded("bad")]
    until(lambda: sandbox.is_empty(sandbox.name))
    assert counts == [1, 2, 3, 4, 5]


def test_a_failure_that_heals_is_redelivered_once(sandbox: Sandbox, app: func.FunctionApp) -> None:
    """The second try succeeds, so the message is gone and no poison queue exists."""
    counts: list[int | None] = []

    @app.queue_trigger(arg_name="message", queue_name=sandbox.name, connection="")
    async def work(message: func.QueueMessage) -> None:
        counts.append(message.dequeue_count)
        if message.dequeue_count == 1:
            raise OSError

    sandbox.queue().send_message(encoded("x"))
    sandbox.host(app)
    until(lambda: sandbox.is_empty(sandbox.name))
    assert counts == [1, 2]
    assert sandbox.bodies(f"{sandbox.name}-poison") == []


def test_a_failed_message_stays_hidden_for_the_visibility_timeout(sandbox: Sandbox, app: func.FunctionApp) -> None:
    """With an hour of it, the message exists but no one can see it."""
    failed = threading.Event()

    @app.queue_trigger(arg_name="message", queue_name=sandbox.name, connection="")
    def work(message: str) -> None:
        failed.set()
        raise ValueError(message)

    sandbox.queue().send_message(encoded("x"))
    host = sandbox.host(app, host_json={"extensions": {"queues": {"visibilityTimeout": "01:00:00"}}})
    assert failed.wait(10)
    host.stop()  # what is settled by now stays so
    assert sandbox.bodies(sandbox.name) == []
    assert not sandbox.is_empty(sandbox.name)


@pytest.mark.parametrize("raw", ["not base64!", "YWJj*", "abc"])
def test_undecodable_text_goes_to_poison_raw_without_a_run(sandbox: Sandbox, app: func.FunctionApp, raw: str) -> None:
    """A message that is not base64 can never be read, so it is not tried, however many tries there are."""
    runs: list[str] = []

    @app.queue_trigger(arg_name="message", queue_name=sandbox.name, connection="")
    def work(message: str) -> None:
        runs.append(message)

    sandbox.queue().send_message(raw)
    queues = {"maxDequeueCount": 10_000, "maxPollingInterval": "00:00:00.1"}
    sandbox.host(app, host_json={"extensions": {"queues": queues}})
    assert until(lambda: sandbox.bodies(f"{sandbox.name}-poison")) == [raw]
    assert runs == []


@pytest.mark.parametrize("raw", ["//79", ""], ids=["no UTF-8", "empty"])
def test_base64_of_no_text_fails_the_normal_way(sandbox: Sandbox, app: func.FunctionApp, raw: str) -> None:
    """What cannot become the function's text ends in poison after the tries."""
    runs: list[str] = []

    @app.queue_trigger(arg_name="message", queue_name=sandbox.name, connection="")
    def work(message: str) -> None:
        runs.append(message)

    sandbox.queue().send_message(raw)
    sandbox.host(app)
    assert until(lambda: sandbox.bodies(f"{sandbox.name}-poison")) == [raw]
    assert runs == []


def test_base64_may_hold_spaces(sandbox: Sandbox, app: func.FunctionApp) -> None:
    """Such as the last newline of a shell's `base64`: .NET does not mind."""
    seen: list[str] = []

    @app.queue_trigger(arg_name="message", queue_name=sandbox.name, connection="")
    def work(message: str) -> None:
        seen.append(message)

    sandbox.queue().send_message("eyJh\r\n IjogMX0=\n")
    sandbox.host(app)
    assert until(lambda: seen) == ['{"a": 1}']


def test_message_encoding_none_takes_the_text_as_it_is(sandbox: Sandbox, app: func.FunctionApp) -> None:
    """host.json decides; a parameter typed bytes still receives text, as in the real worker."""
    seen: list[object] = []

    @app.queue_trigger(arg_name="message", queue_name=sandbox.name, connection="")
    def work(message: bytes) -> None:
        seen.append(message)

    sandbox.queue().send_message("plain <text>")
    sandbox.host(app, host_json={"extensions": {"queues": {"messageEncoding": "none"}}})
    until(lambda: sandbox.is_empty(sandbox.name))
    assert seen == ["plain <text>"]


def test_a_slow_function_keeps_its_message_by_renewing_the_lease(sandbox: Sandbox, app: func.FunctionApp) -> None:
    """Held for three leases of two seconds, the message is never given to a second reader."""
    began = threading.Event()
    release = threading.Event()
    runs: list[int | None] = []

    @app.queue_trigger(arg_name="message", queue_name=sandbox.name, connection="")
    def work(message: func.QueueMessage) -> None:
        runs.append(message.dequeue_count)
        began.set()
        release.wait(30)

    queue = sandbox.queue()
    first = queue.send_message(encoded("slow"))
    sandbox.host(app, lease_s=2.0)
    assert began.wait(10)
    # the clock of the test is the queue's own: a second message hidden for three leases, looked at until it shows
    second = queue.send_message(encoded("clock"), visibility_timeout=6)
    until(lambda: len(runs) == 2)
    release.set()
    until(lambda: sandbox.is_empty(sandbox.name))
    assert first.id != second.id
    assert runs == [1, 1]


def test_without_renewal_the_same_message_would_come_again(sandbox: Sandbox, app: func.FunctionApp) -> None:
    """The control for the test above: a lease that nobody renews runs out, and the message is redelivered."""
    runs: list[int | None] = []

    @app.queue_trigger(arg_name="message", queue_name=sandbox.name, connection="")
    def work(message: func.QueueMessage) -> None:
        runs.append(message.dequeue_count)

    queue = sandbox.queue()
    queue.send_message(encoded("slow"))
    assert next(queue.receive_messages(visibility_timeout=1)).dequeue_count == 1
    sandbox.host(app)
    until(lambda: sandbox.is_empty(sandbox.name))
    assert runs == [2]


def test_a_message_out_of_time_comes_back_after_its_lease(sandbox: Sandbox, app: func.FunctionApp) -> None:
    """On a timeout nothing is settled: the message returns when the lease has run out, and then succeeds."""
    release = threading.Event()
    counts: list[int | None] = []

    @app.queue_trigger(arg_name="message", queue_name=sandbox.name, connection="")
    def work(message: func.QueueMessage) -> None:
        counts.append(message.dequeue_count)
        if message.dequeue_count == 1:
            release.wait(30)

    sandbox.queue().send_message(encoded("x"))
    sandbox.host(app, lease_s=2.0, host_json=QUICK | {"functionTimeout": "00:00:00.5"})
    until(lambda: sandbox.is_empty(sandbox.name))
    release.set()
    assert counts == [1, 2]


def test_a_message_out_of_time_is_not_settled(
    sandbox: Sandbox, app: func.FunctionApp, caplog: pytest.LogCaptureFixture
) -> None:
    """It stays hidden under its lease of an hour, neither deleted nor given back."""
    release = threading.Event()

    @app.queue_trigger(arg_name="message", queue_name=sandbox.name, connection="")
    def work(message: str) -> None:
        assert message
        release.wait(30)

    sandbox.queue().send_message(encoded("x"))
    host = sandbox.host(app, lease_s=3600.0, host_json=QUICK | {"functionTimeout": "00:00:00.2"})
    until(lambda: "out of time" in caplog.text)
    release.set()
    host.stop()
    assert sandbox.bodies(sandbox.name) == []
    assert not sandbox.is_empty(sandbox.name)


def test_a_message_taken_over_by_another_reader_is_left_to_it(sandbox: Sandbox, app: func.FunctionApp) -> None:
    """With the pop receipt lost, the delete after success is refused and the listener goes on with the next message."""
    seen: list[str] = []
    queue = sandbox.queue()

    @app.queue_trigger(arg_name="message", queue_name=sandbox.name, connection="")
    def work(message: func.QueueMessage) -> None:
        seen.append(message.get_body().decode())
        if seen == ["first"]:
            queue.update_message(str(message.id), message.pop_receipt, visibility_timeout=3600)

    queue.send_message(encoded("first"))
    sandbox.host(app)
    until(lambda: seen == ["first"])
    queue.send_message(encoded("second"))
    until(lambda: len(seen) == 2)
    until(lambda: queue.get_queue_properties().approximate_message_count == 1)
    assert seen == ["first", "second"]


def test_messages_run_side_by_side_up_to_batch_and_threshold(sandbox: Sandbox, app: func.FunctionApp) -> None:
    """With batchSize 2 and newBatchThreshold 1, two are held; when one of them has ended, two more are fetched."""
    lock = threading.Lock()
    permits = threading.Semaphore(0)
    begun: list[str] = []

    @app.queue_trigger(arg_name="message", queue_name=sandbox.name, connection="")
    def work(message: str) -> None:
        with lock:
            begun.append(message)
        permits.acquire(timeout=30)

    queue = sandbox.queue()
    for number in range(6):
        queue.send_message(encoded(str(number)))
    queues = {"batchSize": 2, "newBatchThreshold": 1, "maxPollingInterval": "00:00:00.1"}
    environ = {"PYTHON_THREADPOOL_THREAD_COUNT": "8"}
    sandbox.host(app, host_json={"extensions": {"queues": queues}}, environ=environ)
    until(lambda: len(begun) == 2)
    visible_at_first = len(sandbox.bodies(sandbox.name))
    permits.release()
    until(lambda: len(begun) == 4)
    visible_then = len(sandbox.bodies(sandbox.name))
    permits.release(5)
    until(lambda: sandbox.is_empty(sandbox.name))
    assert (visible_at_first, visible_then) == (4, 2)
    assert sorted(begun) == list("012345")


def test_a_queue_that_does_not_exist_yet_is_not_created(sandbox: Sandbox, app: func.FunctionApp) -> None:
    """The listener waits for it, and works once somebody has made it."""
    seen: list[str] = []

    @app.queue_trigger(arg_name="message", queue_name=sandbox.name, connection="")
    def work(message: str) -> None:
        seen.append(message)

    sandbox.host(app)
    assert sandbox.name not in {queue.name for queue in sandbox.queues.list_queues()}
    sandbox.queue().send_message(encoded("late"))
    until(lambda: seen == ["late"])


def test_a_value_returned_without_a_binding_fails_the_invocation(sandbox: Sandbox, app: func.FunctionApp) -> None:
    """The body has run by then, and runs again: five times, then poison."""
    runs: list[str] = []

    @app.queue_trigger(arg_name="message", queue_name=sandbox.name, connection="")
    def work(message: str) -> str:
        runs.append(message)
        return "nowhere to go"

    sandbox.queue().send_message(encoded("x"))
    sandbox.host(app)
    until(lambda: sandbox.bodies(f"{sandbox.name}-poison"))
    assert len(runs) == 5


def test_a_stopped_host_leaves_waiting_messages_visible(sandbox: Sandbox, app: func.FunctionApp) -> None:
    """With one thread, the first message runs to its end and the second, not begun, is given back at once."""
    began, release = threading.Event(), threading.Event()
    done: list[str] = []

    @app.queue_trigger(arg_name="message", queue_name=sandbox.name, connection="")
    def work(message: str) -> None:
        began.set()
        release.wait(30)
        done.append(message)

    queue = sandbox.queue()
    queue.send_message(encoded("1"))
    queue.send_message(encoded("2"))
    host = sandbox.host(app, environ={"PYTHON_THREADPOOL_THREAD_COUNT": "1"})
    assert began.wait(10)
    until(lambda: sandbox.bodies(sandbox.name) == [])  # both are held
    stopping = threading.Thread(target=host.stop)
    stopping.start()
    given_back = until(lambda: sandbox.bodies(sandbox.name))
    release.set()
    stopping.join(10)
    assert host.abandoned == ()
    assert len(done) == 1
    assert given_back != [encoded(done[0])]


def test_a_listener_survives_storage_that_is_away(app: func.FunctionApp) -> None:
    """Nobody listens at the address: the host starts, warns, and stops at once."""
    environ = {
        "AzureWebJobsStorage": "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;"
        "BlobEndpoint=http://127.0.0.1:9/a;QueueEndpoint=http://127.0.0.1:9/a;TableEndpoint=http://127.0.0.1:9/a"
    }

    @app.queue_trigger(arg_name="message", queue_name="anything", connection="")
    def work(message: str) -> None:
        """Never runs."""

    with Host(app, environ=environ, host_json=QUICK) as host:
        assert host.faults == {}
    assert host.abandoned == ()


def test_the_delay_between_looks_grows_to_its_limit_and_falls_back() -> None:
    """100 ms plus a doubling, jittered 100 ms; a found message starts over."""
    backoff = Backoff(longest_s=2.0)
    delays = [backoff.missed() for _ in range(8)]
    assert all(0.1 + 0.8 * 0.1 * 2**n <= delay <= 0.1 + 1.2 * 0.1 * 2**n for n, delay in enumerate(delays[:4]))
    assert delays[-1] == 2.0
    backoff.found()
    assert backoff.missed() < 0.25


@pytest.mark.parametrize(
    ("name", "poison"),
    [("analyze", "analyze-poison"), ("analyze-poison", None), ("q" * 57, None), ("q" * 56, "q" * 56 + "-poison")],
)
def test_poison_queues_have_no_poison_queue(sandbox: Sandbox, name: str, poison: str | None) -> None:
    """Neither has a queue whose poison name would be over 63 characters."""
    listener = QueueListener(sandbox.queues, name, lambda *_: None, QueueOptions())
    assert (listener.poison.queue_name if listener.poison else None) == poison
    listener.handlers.shutdown()
