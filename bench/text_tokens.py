"""How wrong is the offline estimate of text tokens? Against OpenAI's tokenizers, on tests/golden/text_tokens.json.

    .venv/bin/python bench/text_tokens.py [--write]

The tokenizers come with litellm, in the environment of bench/token_peers.py. `--write` stores their counts in the
golden file, after a sample was added there.
"""
# ruff: noqa: PLC0415 - a script finds the project only after it has put the root on the path

from __future__ import annotations

import json
import sys

from token_peers import ROOT, ask_peers

GOLDEN = ROOT / "tests" / "golden" / "text_tokens.json"


def main() -> int:
    sys.path.insert(0, str(ROOT))
    from shared.core.models.tokens import text_tokens

    samples = json.loads(GOLDEN.read_text("utf-8"))
    counted = ask_peers([sample["text"] for sample in samples], "text_tokens.py")
    print("| sample | characters | estimate | o200k_base | ratio | cl100k_base | ratio |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for sample, counts in zip(samples, counted, strict=True):
        ours, new, old = text_tokens(sample["text"]), counts["o200k_base"], counts["cl100k_base"]
        cells = (sample["sample"], len(sample["text"]), ours, new, f"{ours / new:.2f}", old, f"{ours / old:.2f}")
        print("| " + " | ".join(str(cell) for cell in cells) + " |")
    if "--write" in sys.argv:
        rows = [
            {"sample": sample["sample"], **counts, "text": sample["text"]}
            for sample, counts in zip(samples, counted, strict=True)
        ]
        lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        GOLDEN.write_text(f"[\n{lines}\n]\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
