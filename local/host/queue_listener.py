"""Runs messages of one queue as the host does: batches under a renewed lease, retries by visibility, a poison queue.

At least once, in no order. A message is invisible while its function runs; it is deleted after success only, and
comes back by itself if this process dies.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import logging
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import QueueClient, QueueMessage, QueueServiceClient

from local.host.options import QueueOptions
from local.host.worker import Invocation, InvocationReleased, InvocationTimedOut

LOG = logging.getLogger("local.host")

LEASE_S = 600.0
CLOSE_TIMEOUT_S = 5.0
FIRST_DELAY_S = 0.1
LONGEST_QUEUE_NAME = 63
POISON_SUFFIX = "-poison"
WITHOUT_SPACES = str.maketrans("", "", " \t\r\n")  # which .NET's base64 does not mind
LOST = ("MessageNotFound", "PopReceiptMismatch", "QueueNotFound")

# Starts the function on a message and its decoded text; None says that the message needs no run.
Start = Callable[[QueueMessage, str], Invocation | None]


class Backoff:
    """The delay in seconds between looks at an empty queue: exponential with jitter, as the host's, back to the start
    on a find.
    """

    def __init__(self, longest_s: float) -> None:
        self.longest_s = longest_s
        self.misses = 0

    def found(self) -> None:
        self.misses = 0

    def missed(self) -> float:
        self.misses += 1
        jitter = random.uniform(0.8, 1.2)  # noqa: S311 # spreads pollers, guards nothing
        doubled: int = 2 ** min(self.misses - 1, 16)
        return min(self.longest_s, FIRST_DELAY_S + jitter * doubled * FIRST_DELAY_S)


class Lease:
    """A message that is being worked on. Each renewal changes the pop receipt; without the right one, the message is
    another's.
    """

    def __init__(self, queue: QueueClient, message: QueueMessage, seconds: float) -> None:
        self.queue = queue
        self.message_id = message.id
        self.receipt = message.pop_receipt or ""
        self.seconds = seconds
        self.lost = False

    def renew(self) -> None:
        self.hide(self.seconds)

    def hide(self, seconds: float) -> None:
        """Make the message visible again in that many seconds."""
        self.guarded(lambda: self.update(seconds))

    def update(self, seconds: float) -> None:
        updated = self.queue.update_message(self.message_id, self.receipt, visibility_timeout=round(seconds))
        self.receipt = updated.pop_receipt or ""

    def delete(self) -> None:
        self.guarded(lambda: self.queue.delete_message(self.message_id, self.receipt))

    def guarded(self, act: Callable[[], None]) -> None:
        """Run a call whose failure must not end the listener: at worst the message comes back and runs again."""
        if self.lost:
            return
        try:
            act()
        except HttpResponseError as error:
            self.lost = getattr(error, "error_code", None) in LOST
            LOG.warning("queue %s: a message is no longer held (%s)", self.queue.queue_name, type(error).__name__)
        except AzureError as error:
            LOG.warning("queue %s: %s; the message will come back", self.queue.queue_name, type(error).__name__)


class QueueListener:
    def __init__(
        self,
        service: QueueServiceClient,
        queue_name: str,
        start: Start,
        options: QueueOptions,
        *,
        lease_s: float = LEASE_S,
        poison_service: QueueServiceClient | None = None,
        poison_name: str | None = None,
    ) -> None:
        self.queue = service.get_queue_client(queue_name)
        self.poison = poison_queue(poison_service or service, queue_name, poison_name)
        self.start_function = start
        self.options = options
        self.lease_s = lease_s
        self.stopping = threading.Event()
        self.woken = threading.Event()
        self.running = 0
        self.closed = False
        self.changed = threading.Condition()
        most = options.batch_size + options.new_batch_threshold
        self.handlers = ThreadPoolExecutor(most, thread_name_prefix=f"queue-{queue_name}")
        self.poller = threading.Thread(target=self.poll, name=f"poll-{queue_name}", daemon=True)

    def start(self) -> None:
        self.poller.start()

    def wake(self) -> None:
        """Look at the queue at once: something was just put into it."""
        self.woken.set()

    def stop_polling(self) -> None:
        self.stopping.set()
        self.woken.set()
        with self.changed:
            self.changed.notify_all()

    def close(self, *, wait: bool) -> None:
        self.closed = True
        self.handlers.shutdown(wait=wait, cancel_futures=True)
        if self.poller.is_alive():
            self.poller.join(timeout=CLOSE_TIMEOUT_S)

    def poll(self) -> None:
        backoff = Backoff(self.options.max_polling_interval_s)
        while not self.stopping.is_set():
            messages = self.receive()
            for message in messages:
                with self.changed:
                    self.running += 1
                self.handlers.submit(self.handle, message)
            if messages:
                backoff.found()
                self.wait_for_room()
            else:
                self.woken.wait(backoff.missed())
                self.woken.clear()

    def receive(self) -> list[QueueMessage]:
        """The next messages. A queue that does not exist (yet) is an empty one; the host does not create it."""
        try:
            pages = self.queue.receive_messages(
                messages_per_page=self.options.batch_size,
                max_messages=self.options.batch_size,
                visibility_timeout=round(self.lease_s),
            )
            return list(pages)
        except ResourceNotFoundError:
            return []
        except AzureError as error:
            LOG.warning("queue %s: %s; looking again later", self.queue.queue_name, type(error).__name__)
            return []

    def wait_for_room(self) -> None:
        with self.changed:
            self.changed.wait_for(
                lambda: self.running <= self.options.new_batch_threshold or self.stopping.is_set(),
            )

    def handle(self, message: QueueMessage) -> None:
        lease = Lease(self.queue, message, self.lease_s)
        try:
            self.settle(message, lease)
        except Exception:  # the listener must outlive any one message
            if self.closed:
                return  # the function outlived the host; its message comes back
            LOG.exception("queue %s: a message could not be settled; it will come back", self.queue.queue_name)
        finally:
            with self.changed:
                self.running -= 1
                self.changed.notify_all()

    def settle(self, message: QueueMessage, lease: Lease) -> None:
        """Run the function, then delete the message, hide it for another try, or move it to the poison queue."""
        dequeue_count = message.dequeue_count or 1
        body = self.decoded(message)
        if body is None or dequeue_count > self.options.max_dequeue_count:
            self.move_to_poison(message, lease)
            return
        try:
            self.run(message, as_text(body), lease)
        except InvocationTimedOut:
            return  # as after a crash: it comes back when the lease runs out
        except InvocationReleased:
            lease.hide(0)
        except Exception:  # noqa: BLE001 # any error of the function is a failed try, logged by the worker
            if dequeue_count >= self.options.max_dequeue_count:
                self.move_to_poison(message, lease)
            else:
                lease.hide(self.options.visibility_timeout_s)
        else:
            lease.delete()

    def run(self, message: QueueMessage, text: str, lease: Lease) -> None:
        invocation = self.start_function(message, text)
        if invocation is None:
            return
        while not invocation.ended(within_s=self.lease_s / 2):
            lease.renew()
        invocation.result()

    def decoded(self, message: QueueMessage) -> bytes | None:
        """The message's bytes; None when it is not the base64 that host.json promises: no number of tries would
        help.
        """
        if not self.options.base64:
            return str(message.content or "").encode()
        try:
            return base64.b64decode((message.content or "").translate(WITHOUT_SPACES), validate=True)
        except (binascii.Error, ValueError):
            return None

    def move_to_poison(self, message: QueueMessage, lease: Lease) -> None:
        if self.poison is None:
            LOG.error("queue %s: a message failed for good and has no poison queue", self.queue.queue_name)
            return
        send(self.poison, message.content or "")
        lease.delete()
        LOG.error("queue %s: a message was moved to %s", self.queue.queue_name, self.poison.queue_name)


def as_text(body: bytes) -> str:
    """The text that a function is given, which is never empty: an empty message fails as one that is not UTF-8 does."""
    if not body:
        raise ValueError("an empty message")
    return body.decode()


def send(queue: QueueClient, content: str) -> None:
    """Put the text, as it is, into a queue, which is created if it is missing, perhaps by two threads at once."""
    try:
        queue.send_message(content)
    except ResourceNotFoundError:
        with contextlib.suppress(ResourceExistsError):
            queue.create_queue()
        queue.send_message(content)


def poison_queue(service: QueueServiceClient, queue_name: str, poison_name: str | None) -> QueueClient | None:
    """The poison queue; None where the host has none either: for a poison queue itself, or a name that would be too
    long.
    """
    name = poison_name or queue_name + POISON_SUFFIX
    if queue_name.endswith(POISON_SUFFIX) or len(name) > LONGEST_QUEUE_NAME:
        return None
    return service.get_queue_client(name)
