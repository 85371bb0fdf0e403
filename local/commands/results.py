"""`./visiondrop results [NAME]`: what a deployment has answered, or one answer in full."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from local.outcomes import ANSWERED, PENDING, cost, dollars, one_line, plain, seconds, tokens
from local.table import table

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from local.client import Client

SUMMARY = "answers of a deployment: the newest, or one by its upload's name"
HEADINGS = ("created", "name", "state", "answer", "tokens", "cost", "time")
FAILED, WRONG_USE, NOT_YET = 1, 2, 3
MOST_WAIT_S = 60


def add_arguments(parser: ArgumentParser) -> None:
    from local import client

    parser.add_argument("name", nargs="?", metavar="NAME", help="an upload's name; exit code 3 while it has no answer")
    parser.add_argument("--wait", type=int, default=0, metavar="SECONDS", help=f"for NAME's answer, 0 to {MOST_WAIT_S}")
    parser.add_argument("--prefix", metavar="TEXT", help="names that begin so")
    parser.add_argument("--search", metavar="TEXT", help="text in the name or in the beginning of the answer")
    parser.add_argument("--state", metavar="STATE", help="done, partial, failed, pending, …; several with commas")
    parser.add_argument("--since", metavar="TIME", help="created then or later, such as 2026-11-21")
    parser.add_argument("--limit", type=int, default=20, help="default 20")
    parser.add_argument("--json", action="store_true", help="the documents themselves")
    client.add_arguments(parser)


def run(arguments: Namespace) -> int:
    from local.client import CallFailed, connect

    if not 0 <= arguments.wait <= MOST_WAIT_S or arguments.limit < 1:
        print(f"visiondrop results: --wait goes from 0 to {MOST_WAIT_S}, --limit from 1", file=sys.stderr)
        return WRONG_USE
    try:
        client = connect(arguments)
        return show_one(client, arguments) if arguments.name else show_list(client, arguments)
    except CallFailed as error:
        print(f"visiondrop results: {error}", file=sys.stderr)
        return FAILED


def show_list(client: Client, arguments: Namespace) -> int:
    items = client.list_jobs(
        prefix=arguments.prefix,
        q=arguments.search,
        state=arguments.state,
        since=arguments.since,
        limit=arguments.limit,
    )
    if arguments.json:
        print(json.dumps(items, ensure_ascii=False, indent=1))
    elif items:
        print(table(HEADINGS, map(cells, items), right=("tokens", "cost", "time")))
    else:
        print("Nothing yet.")
    return 0


def cells(item: dict[str, Any]) -> tuple[str, ...]:
    created = item["created"][:19].replace("T", " ")
    answer = one_line(item["text"] or item["error_code"] or "")
    return (
        created,
        one_line(item["name"], most=40),
        item["state"],
        answer,
        tokens(item),
        dollars(item["usd"]),
        seconds(item["total_ms"]),
    )


def show_one(client: Client, arguments: Namespace) -> int:
    _, document = client.look_up(arguments.name, wait_s=arguments.wait)
    if arguments.json:
        print(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        print(told(client, document))
    if document["state"] in PENDING:
        return NOT_YET
    return 0 if document["state"] in ANSWERED else FAILED


def told(client: Client, document: dict[str, Any]) -> str:
    error, reply = document["error"], document["reply"]
    rows = [("name", one_line(document["source"]["name"], most=200)), ("state", document["state"])]
    if document["model"]:
        rows.append(("model", f"{document['model']['name']} (deployment {document['model']['deployment']})"))
    if document["usage"]:
        rows.append(("tokens", f"{tokens(document)}, estimated {document['estimate']['input_tokens']} + ?"))
        rows.append(("cost", f"{cost(document)}, estimated {dollars(document['estimate']['usd'])} for the input"))
    if error:
        rows.append(("error", plain(f"{error['code']}: {error['message']}. {error['hint']}")))
    rows.append(("link", client.link(document["job_id"])))
    answer = "\n".join(plain(line) for line in reply["text"].splitlines()) if reply else ""
    return "\n".join([*(f"{name:<7} {value}" for name, value in rows), *(["", answer] if answer else [])])
