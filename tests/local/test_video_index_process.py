"""The video-index stand-in as a process of its own, as `./visiondrop up` starts it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).parents[2]


def test_it_starts_says_where_it_is_and_marks_its_answers():
    """One JSON line once it listens; nobody takes its answers for the service's."""
    command = [sys.executable, "-P", "-m", "local.video_index_standin", "--polls", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}) as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        with pytest.raises(HTTPError) as refused:
            urlopen(f"{said['base_url']}/computervision/retrieval/indexes", timeout=20)
        refused.value.close()
        process.terminate()

    assert (said["pid"], refused.value.code) == (process.pid, 401)
    assert refused.value.headers["x-visiondrop-offline"] == "index of colours, no model"
