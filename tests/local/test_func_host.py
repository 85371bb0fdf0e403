"""`--host func`, with a program in place of Azure Functions Core Tools: its real one is not on every machine."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from local.children import ChildFailed
from local.func_host import blob_created, send_event, start_func

FUNC = f"""#!{sys.executable}
import json, os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        print("event", self.path, self.headers["aeg-event-type"], body.decode(), flush=True)
        self.send_response(202)
        self.end_headers()
print("func", *sys.argv[1:3], os.environ["FUNCTIONS_WORKER_RUNTIME"], os.getcwd(), flush=True)
HTTPServer(("127.0.0.1", int(sys.argv[3])), Answer).serve_forever()
"""


def test_without_func_the_message_says_what_to_do(tmp_path: Path):
    """Where to get it, and how to do without."""
    with pytest.raises(ChildFailed, match=r"azfunc-install.*leave out --host func"):
        start_func({"PATH": str(tmp_path)}, port=0, log=tmp_path / "log", root=tmp_path)
    assert not (tmp_path / "local.settings.json").exists()


@pytest.mark.skipif(os.name != "posix", reason="the program in place of func is a script")
def test_func_is_started_in_the_apps_folder_and_told_of_blobs(tmp_path: Path):
    """It has a settings file that names the worker, and gets the events that Azurite does not send."""
    program = tmp_path / "bin" / "func"
    program.parent.mkdir()
    program.write_text(FUNC)
    program.chmod(0o755)
    environ = {**os.environ, "PATH": str(program.parent)}
    child, url = start_func(environ, port=0, log=tmp_path / "log", root=tmp_path)
    with child:
        assert child.wait_for(r"func (.*)")[1] == f"start --port python {tmp_path}"
        settings = json.loads((tmp_path / "local.settings.json").read_text())
        assert settings["Values"] == {"FUNCTIONS_WORKER_RUNTIME": "python"}
        send_event(url, blob_created("http://127.0.0.1:1/devstoreaccount1/uploads/a.png", '"0x1"'))
        path, kind, body = child.wait_for(r"event (\S+) (\S+) (.*)").groups()
        assert path == "/runtime/webhooks/blobs?functionName=Host.Functions.accept"
        assert kind == "Notification"
        assert json.loads(body)[0]["data"]["eTag"] == '"0x1"'


@pytest.mark.skipif(os.name != "posix", reason="the program in place of func is a script")
def test_settings_of_the_user_are_kept(tmp_path: Path):
    """A local.settings.json that is there is not touched, also when func then fails."""
    program = tmp_path / "func"
    program.write_text("#!/bin/sh\necho broken install; exit 3\n")
    program.chmod(0o755)
    (tmp_path / "local.settings.json").write_text("{}")
    with pytest.raises(ChildFailed, match=r"(?s)exit code 3.*broken install"):
        start_func({**os.environ, "PATH": str(tmp_path)}, port=0, log=tmp_path / "log", root=tmp_path)
    assert (tmp_path / "local.settings.json").read_text() == "{}"
