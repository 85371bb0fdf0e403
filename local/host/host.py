"""Puts the parts together: reads the app, starts a listener per trigger and the HTTP server, and ends them in order."""

from __future__ import annotations

import json
import logging
import platform
import re
import zlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Self

import azure.functions as func

from local.host.blob_path import parse_blob_path
from local.host.blob_trigger import POISON_QUEUE, QUEUE_PREFIX, BlobFunction, BlobQueue, BlobRunner, BlobScanner
from local.host.event_grid import BlobEvents
from local.host.functions import Function, index, load_app
from local.host.http_front import LARGEST_BODY_BYTES, HttpFront
from local.host.keys import Keys
from local.host.options import HostJsonInvalid, parse_options
from local.host.queue_listener import LEASE_S, QueueListener
from local.host.routes import Route, make_route
from local.host.schedule import parse_schedule
from local.host.server import HostServer
from local.host.settings import FunctionFault, HostSettings, is_disabled, local_settings, resolve_binding
from local.host.storage import HOST_STORAGE, HostStorage
from local.host.timer_listener import TimerListener
from local.host.values import queue_value
from local.host.worker import Invocation, Worker
from local.sockets import LOOPBACK, listen

LOG = logging.getLogger("local.host")

BLOB_SCAN_S = 2.0  # the real host's interval against the storage emulator
GRACE_S = 10.0


class Host:
    """The host of one app: a FunctionApp, or the path of its module. `environ` is all settings; the process environment
    is not read.

    `lease_s` and `blob_scan_s` are the real host's unless a test or the local run wants them shorter. `names` are hosts
    that it answers for beside this machine's own names.
    """

    def __init__(  # noqa: PLR0913  # what a run or a test may vary, each by its name
        self,
        app: func.FunctionApp | Path,
        *,
        environ: Mapping[str, str],
        host_json: Mapping[str, Any] | None = None,
        port: int = 0,
        keys: Keys | None = None,
        lease_s: float = LEASE_S,
        blob_scan_s: float = BLOB_SCAN_S,
        grace_s: float = GRACE_S,
        names: Collection[str] = (),
    ) -> None:
        folder = app.parent if isinstance(app, Path) else Path.cwd()
        self.settings = HostSettings({"AZURE_FUNCTIONS_ENVIRONMENT": "Development"}, local_settings(folder), environ)
        self.options = parse_options(read_host_json(folder) if host_json is None else host_json, self.settings)
        self.app = load_app(app) if isinstance(app, Path) else app
        self.functions = index(self.app)
        self.host_id = self.settings.get("AzureFunctionsWebHost__hostid") or local_host_id(folder)
        self.keys, self.lease_s, self.blob_scan_s, self.grace_s = keys, lease_s, blob_scan_s, grace_s
        self.names = names
        self.storage = HostStorage(self.settings)
        self.socket = listen(port)
        self.url = f"http://{LOOPBACK}:{self.socket.getsockname()[1]}"
        threads = self.settings.get("PYTHON_THREADPOOL_THREAD_COUNT")
        self.worker = Worker(threads=int(threads) if threads else None, timeout_s=self.options.function_timeout_s)
        self.faults: dict[str, str] = {}
        self.disabled = frozenset(one.name for one in self.functions if is_disabled(one.name, self.settings))
        self.routes: list[Route] = []
        self.blob_functions: dict[str, BlobFunction] = {}
        self.queue_listeners: list[QueueListener] = []
        self.timers: list[TimerListener] = []
        self.scanner: BlobScanner | None = None
        self.abandoned: tuple[str, ...] = ()
        self.stopped = False
        self.prepare_all()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def prepare_all(self) -> None:
        for function in self.functions:
            try:
                self.prepare(function)
            except FunctionFault as fault:
                self.faults[function.name] = str(fault)
                LOG.error("function %s cannot start: %s", function.name, fault)  # noqa: TRY400 # the message is all
        self.server = self.make_server(BlobEvents(self.blob_functions, self.prepare_blobs()))

    def start(self) -> None:
        self.server.start()
        for part in (*self.queue_listeners, *self.timers, *([self.scanner] if self.scanner else ())):
            part.start()

    def prepare(self, function: Function) -> None:
        """Make the listener or the route of a function. Raises FunctionFault for everything that can be wrong with it,
        before anything runs.
        """
        if function.not_carried:
            kinds = ", ".join(function.not_carried)
            raise FunctionFault(f"this stand-in has no {kinds} bindings; use the real host (func) for them")
        binding = resolve_binding(function.trigger, self.settings)
        if function.kind == "httpTrigger":
            template = str(binding.get("route", function.name))
            self.routes.append(make_route(function, template=template, prefix=self.options.route_prefix))
        elif function.name not in self.disabled:
            prepare = {
                "queueTrigger": self.prepare_queue,
                "blobTrigger": self.prepare_blob,
                "timerTrigger": self.prepare_timer,
            }[function.kind]
            prepare(function, binding)

    def prepare_queue(self, function: Function, binding: Mapping[str, Any]) -> None:
        service = self.storage.queues(connection(binding))

        def start(message: Any, text: str) -> Invocation:
            return self.worker.start(function, lambda: queue_value(function, message, text))

        name = str(binding["queueName"]).lower()
        self.queue_listeners.append(QueueListener(service, name, start, self.options.queues, lease_s=self.lease_s))

    def prepare_blob(self, function: Function, binding: Mapping[str, Any]) -> None:
        name = connection(binding)
        if function.sdk_type and not self.storage.names_itself(name):
            raise FunctionFault(f"the {function.sdk_type} type needs the setting {name} itself, not AzureWebJobs{name}")
        others = {connection(one.function.trigger) for one in self.blob_functions.values()} - {name}
        if others:
            raise FunctionFault(
                f"this stand-in watches one account: {name} and {', '.join(others)} are two connections"
            )
        for needed in (name, HOST_STORAGE):  # a missing connection should show now
            self.storage.queues(needed)
            self.storage.blobs(needed)
        path = parse_blob_path(str(binding["path"]))
        target = BlobFunction(function=function, path=path, service=self.storage.blobs(name))
        self.blob_functions[target.function_id] = target

    def prepare_timer(self, function: Function, binding: Mapping[str, Any]) -> None:
        self.timers.append(TimerListener(function, parse_schedule(str(binding["schedule"])), self.worker))

    def prepare_blobs(self) -> BlobQueue | None:
        """The one queue behind all blob functions, with its scanner; None without such functions."""
        if not self.blob_functions:
            return None
        targets = list(self.blob_functions.values())
        service = self.storage.queues(HOST_STORAGE)
        queue = BlobQueue(service.get_queue_client(QUEUE_PREFIX + self.host_id))
        listener = QueueListener(
            service,
            queue.queue.queue_name,
            BlobRunner(self.blob_functions, self.worker).start,
            self.options.blobs,
            lease_s=self.lease_s,
            poison_service=self.storage.queues(connection(targets[0].function.trigger)),
            poison_name=POISON_QUEUE,
        )
        queue.on_sent = listener.wake
        self.queue_listeners.append(listener)
        storage = self.storage.blobs(HOST_STORAGE)
        self.scanner = BlobScanner(
            targets, storage=storage, host_id=self.host_id, queue=queue, every_s=self.blob_scan_s
        )
        return queue

    def make_server(self, events: BlobEvents) -> HostServer:
        limit = self.settings.get("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT")
        front = HttpFront(
            routes=self.routes,
            disabled=self.disabled,
            worker=self.worker,
            events=events,
            keys=self.keys,
            largest_body=int(limit) if limit else LARGEST_BODY_BYTES,
            names=self.names,
        )
        return HostServer(front, self.socket, grace_s=self.grace_s)

    def stop(self) -> tuple[str, ...]:
        """The names of the functions that did not end in the grace time. Nothing new is taken meanwhile."""
        if self.stopped:
            return self.abandoned
        self.stopped = True
        for timer in self.timers:
            timer.stop()
        if self.scanner:
            self.scanner.stop()
        for listener in self.queue_listeners:
            listener.stop_polling()
        self.server.stop_accepting()
        self.abandoned = self.worker.stop(self.grace_s)
        for listener in self.queue_listeners:
            listener.close(wait=not self.abandoned)
        self.server.close()
        self.socket.close()
        self.storage.close()
        return self.abandoned

    def summary(self) -> list[str]:
        """One line per function: what starts it, or why nothing does."""
        urls = {route.function.name: route for route in self.routes}
        return [f"{one.name}: {self.state(one, urls.get(one.name))}" for one in self.functions]

    def state(self, function: Function, route: Route | None) -> str:
        if function.name in self.faults:
            return f"CANNOT START: {self.faults[function.name]}"
        if function.name in self.disabled:
            return "disabled"
        if route:
            return f"[{','.join(sorted(route.methods)) or 'all methods'}] {self.url}/{route.template}"
        trigger = function.trigger
        return f"{function.kind} {trigger.get('queueName') or trigger.get('path') or trigger.get('schedule')}"


def connection(binding: Mapping[str, Any]) -> str:
    return str(binding.get("connection") or HOST_STORAGE)


def read_host_json(folder: Path) -> dict[str, Any]:
    file = folder / "host.json"
    if not file.exists():
        return {}
    try:
        tree = json.loads(file.read_text("utf-8"))
    except ValueError as fault:
        raise HostJsonInvalid(f"{file.name} is not JSON: {fault}") from fault
    if not isinstance(tree, dict):
        raise HostJsonInvalid(f"{file.name} must hold an object")
    return tree


def local_host_id(folder: Path) -> str:
    """An id of machine and folder, as the real host's local id: two checkouts do not take each other's blobs for
    seen.
    """
    machine = re.sub("[^a-z0-9]+", "-", platform.node().lower()).strip("-")[:20].strip("-") or "local"
    return f"{machine}-{zlib.crc32(str(folder.resolve()).encode()):08x}"
