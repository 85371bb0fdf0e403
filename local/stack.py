"""Everything a local run needs, as one context manager: storage, a model endpoint, the functions host.

    with Stack(environ=os.environ) as stack:
        stack.url, stack.connection_string, stack.environ

Every part is a process of its own that ends with this one (see children.py) and logs to `.visiondrop/logs`.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Self

from local import private
from local.azurite import Azurite
from local.children import Child, ChildFailed
from local.func_host import start_func
from local.locks import try_lock
from local.model_choice import named_endpoint, standin_environ, standin_model, wants_video_index
from shared.core.places import CONTAINERS, QUEUES, TABLES
from shared.core.settings import Settings

ROOT = Path(__file__).parents[1]
STATE = ROOT / ".visiondrop"

# A person waits for the answer, and nobody pays for looking: more often than in Azure.
IMPATIENT = {"AzureFunctionsJobHost__extensions__queues__maxPollingInterval": "00:00:00.200"}
# Of glibc: what one large file has taken goes back to the system when it is done, not to one of a dozen arenas.
THRIFTY = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": str(256 * 1024), "MALLOC_TRIM_THRESHOLD_": str(1024**2)}
BLOB_SCAN_S = "0.5"
READY = r'^\{.*"(?:base_)?url": "([^"]+)".*\}$'  # the JSON line that each of our servers prints once it answers
HOST_GRACE_S = "3"  # for running functions at stop; less than tied.py gives


STORED = ("__azurite_db_*", "__blobstorage__", "__queuestorage__", "dropped.json*")  # what a run leaves in `storage`


class Stack:
    """A context with everything that a local run needs. `storage` None keeps everything in memory; `fresh` empties it
    first.

    `offline` asks the stand-in whatever the environment names. `names` are hosts that the local host answers for. Wrong
    settings raise SettingsInvalid before any start.
    """

    def __init__(
        self,
        *,
        environ: Mapping[str, str],
        storage: Path | None = None,
        fresh: bool = False,
        host: str = "local",
        port: int = 0,
        offline: bool = False,
        logs: Path = STATE / "logs",
        names: Sequence[str] = (),
    ) -> None:
        self.environ = {**environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        self.storage = storage
        self.fresh = fresh
        self.host = host
        self.port = port
        self.logs = logs
        self.names = names
        self.endpoint = None if offline else named_endpoint(environ)
        self.children: list[Child] = []
        self.running = ExitStack()
        self.url = ""
        self.index_url = ""
        self.connection_string = ""

    def __enter__(self) -> Self:
        self.check_settings()
        with self.running:  # whatever fails below, what has been started is stopped
            self.start()
            self.running = self.running.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self.running.close()

    def check_settings(self) -> None:
        environ = self.environ if self.endpoint else standin_environ(self.environ, "http://127.0.0.1")
        Settings.from_environ({**environ, "AzureWebJobsStorage": "UseDevelopmentStorage=true"})

    def check(self) -> None:
        """Check that all parts run. Raises ChildFailed if one has ended by itself."""
        for child in self.children:
            child.check()

    def start(self) -> None:
        """Start the parts, side by side where they can: each is waited for as late as possible."""
        private.make_folder(self.logs)
        standin = None if self.endpoint else self.start_standin()
        index = self.start_video_index() if standin and wants_video_index(self.environ) else None
        self.start_storage()
        if standin:
            self.index_url = index.wait_for(READY)[1] if index else ""
            self.environ = standin_environ(self.environ, standin.wait_for(READY)[1], self.index_url)
        if self.host == "func":
            child, self.url = start_func(self.environ, port=self.port, log=self.logs / "host.log")
            self.adopt(child)
            make_places(self.connection_string)
        else:
            app = ROOT / "function_app.py"
            options = ("--app", str(app), "--port", str(self.port), "--grace", HOST_GRACE_S, "--blob-scan", BLOB_SCAN_S)
            self.environ = {**IMPATIENT, **THRIFTY, **self.environ}
            further = (f"--allow-host={name}" for name in self.names)
            child = self.start_module("functions host", "local.host", *options, *further)
            make_places(self.connection_string)
            self.url = child.wait_for(READY)[1]

    def start_standin(self) -> Child:
        return self.start_module("chat stand-in", "local.chat_standin", "--model", standin_model(self.environ))

    def start_video_index(self) -> Child:
        return self.start_module("video-index stand-in", "local.video_index_standin", "--polls", "0")

    def start_storage(self) -> None:
        if self.storage:
            private.make_folder(self.storage)
            lock = self.running.enter_context(private.open_file(self.storage / "in-use.lock", "a+b"))
            if not try_lock(lock):
                raise ChildFailed(f"another ./visiondrop up is running with {self.storage}: stop that one first")
            if self.fresh:
                forget(self.storage)
        azurite = self.running.enter_context(Azurite(location=self.storage, log=self.logs / "azurite.log"))
        self.children.append(azurite.child)
        self.connection_string = azurite.connection_string
        self.environ["AzureWebJobsStorage"] = azurite.connection_string

    def start_module(self, name: str, module: str, *arguments: str) -> Child:
        log = self.logs / f"{module.removeprefix('local.')}.log"
        command = [sys.executable, "-P", "-m", module, *arguments]
        return self.adopt(Child(name, command, log=log, environ=self.environ))

    def adopt(self, child: Child) -> Child:
        self.children.append(child)
        return self.running.enter_context(child)


def forget(storage: Path) -> None:
    """Remove what earlier runs stored, and nothing else that a folder chosen by the user may hold."""
    for path in (path for pattern in STORED for path in storage.glob(pattern)):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def make_places(connection_string: str) -> None:
    """Create the containers, queues and tables at every start; in Azure the infrastructure does it."""
    from azure.core.exceptions import ResourceExistsError  # noqa: PLC0415 - loads while the host starts
    from azure.data.tables import TableServiceClient  # noqa: PLC0415 - as above
    from azure.storage.blob import BlobServiceClient  # noqa: PLC0415 - as above
    from azure.storage.queue import QueueServiceClient  # noqa: PLC0415 - as above

    with (
        BlobServiceClient.from_connection_string(connection_string) as blobs,
        QueueServiceClient.from_connection_string(connection_string) as queues,
        TableServiceClient.from_connection_string(connection_string) as tables,
    ):
        for name in CONTAINERS:
            with suppress(ResourceExistsError):
                blobs.create_container(name)
        for name in QUEUES:
            with suppress(ResourceExistsError):
                queues.create_queue(name)
        for name in TABLES:
            tables.create_table_if_not_exists(name)
