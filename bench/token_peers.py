"""Who counts picture tokens right? Ours and six public packages on the published counts of tests/golden, in one run.

    .venv/bin/python bench/token_peers.py [--all]

The peers are installed in an environment of their own in the user's cache folder, never beside the project; the first
run needs the network for that. Each is asked by its public function for messages where it has one that works offline,
else by the function that this one calls. A package that raises has the name of its exception in the table.
"""
# ruff: noqa: PLC0415 - a script finds the project only after it has put the root on the path

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "visiondrop" / "token-peers"
PEERS = (
    "litellm==1.109.1",
    "langchain-openai==1.7.4",
    "llama-index-core==0.14.25",
    "camel-ai==0.2.90",
    "autogen-ext[openai]==0.7.5",
    "tokencost==0.1.26",
    "openai-messages-token-helper==0.1.13",
)
# litellm asks for a certifi of the same week, which a mirror of packages may not have yet; any works offline.
OVERRIDES = "certifi>=2024\n"
SHOWN = 32  # the documented vectors and half of the measured ones; --all prints the rest


def main() -> int:
    vectors = json.loads((ROOT / "tests" / "golden" / "token_vectors.json").read_text("utf-8"))
    answers = {"visiondrop": ours(vectors), **ask_peers(vectors)}
    shown = vectors if "--all" in sys.argv else pick(vectors)
    print_table(vectors, answers, shown)
    return 0


def pick(vectors):
    """Documented first, then measured: what somebody else has published."""
    order = ("documented", "measured", "derived")
    return sorted(vectors, key=lambda vector: order.index(vector["status"]))[:SHOWN]


def ours(vectors):
    sys.path.insert(0, str(ROOT))
    from shared.core.errors import SourceRejected
    from shared.core.models.catalogue import look_up_model
    from shared.core.models.tokens import image_tokens

    def count(vector):
        model = look_up_model(vector["model"])
        try:
            return image_tokens(model, width=vector["width"], height=vector["height"], detail=vector["detail"]).tokens
        except SourceRejected:
            return "rejected"

    return [count(vector) for vector in vectors]


def ask_peers(vectors, script="token_peers.py"):
    """What a script of bench/inside makes of the vectors in the peers' environment."""
    python = CACHE / "bin" / "python"
    if not (CACHE / "complete").exists():
        install(python)
    tokenizers = next(CACHE.glob("lib/python3*/site-packages/litellm/litellm_core_utils/tokenizers"))
    asked = subprocess.run(
        [python, ROOT / "bench" / "inside" / script],
        input=json.dumps(vectors),
        env={**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "TIKTOKEN_CACHE_DIR": str(tokenizers)},
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode:
        sys.exit(asked.stderr)
    return json.loads(asked.stdout.splitlines()[-1])


def install(python):
    print(f"installing the peers in {CACHE} …", file=sys.stderr)
    CACHE.mkdir(parents=True, exist_ok=True)
    (CACHE / "overrides.txt").write_text(OVERRIDES)
    subprocess.run([sys.executable, "-m", "venv", CACHE], check=True)
    subprocess.run([python, "-m", "pip", "install", "-q", "uv"], check=True)
    uv = [CACHE / "bin" / "uv", "pip", "install", "-q", "--python", python]
    subprocess.run([*uv, "--override", CACHE / "overrides.txt", *PEERS], check=True)
    (CACHE / "complete").touch()


def print_table(vectors, answers, shown):
    rows = list(zip(vectors, *answers.values(), strict=True))
    print("| picture | model | detail | published | " + " | ".join(answers) + " |")
    print("|---|---|---|---:|" + "---:|" * len(answers))
    for vector, *counts in rows:
        if vector in shown:
            cells = " | ".join(cell(count, vector) for count in counts)
            size = f"{vector['width']}x{vector['height']}"
            print(f"| {size} | {vector['model']} | {vector['detail']} | {published(vector)} | {cells} |")
    for label, status in (("documented", {"documented"}), ("measured", {"measured"}), ("all", None)):
        some = [row for row in rows if status is None or row[0]["status"] in status]
        exact = [sum(row[index + 1] == published(row[0]) for row in some) for index in range(len(answers))]
        print(f"| **exact, {label}** | | | {len(some)} | " + " | ".join(f"**{number}**" for number in exact) + " |")


def published(vector):
    return "rejected" if vector["tokens"] is None else vector["tokens"]


def cell(count, vector):
    return f"{count}" if count == published(vector) else f"{count} ✗"


if __name__ == "__main__":
    sys.exit(main())
