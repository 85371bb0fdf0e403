"""Lists: jobs newest first, jobs about one upload, spending per day and model."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import azure.functions as func

from shared.core import codec, limits
from shared.core.jobs.job import State
from shared.core.jobs.listing import PENDING, Filters
from shared.core.money.exact import exactly
from shared.http.replies import to_cacheable_json, to_json
from shared.http.requests import check_parameters, day, job_id_of, moment, refuse_parameter, whole
from shared.pipeline import listing
from shared.pipeline.ports import Services
from shared.pipeline.spending import costs

PARAMETERS = ("prefix", "q", "state", "kind", "since", "limit", "cursor")
USUAL_PAGE = 50
LISTED_KINDS = ("image", "video")


def list_results(services: Services, request: func.HttpRequest) -> func.HttpResponse:
    check_parameters(request, PARAMETERS)
    page = listing.list_jobs(
        services,
        filters=filters_of(request),
        limit=whole(request, "limit", default=USUAL_PAGE, most=limits.PAGE_RESULTS.value),
        cursor=request.params.get("cursor"),
    )
    body = {"items": codec.to_json(page.items), "cursor": page.cursor, "looked_at": page.looked_at}
    return to_cacheable_json(request, 200, body)


def filters_of(request: func.HttpRequest) -> Filters:
    kind = request.params.get("kind")
    if kind is not None and kind not in LISTED_KINDS:
        refuse_parameter("kind", kind, f"Give one of {', '.join(LISTED_KINDS)}.")
    return Filters(
        prefix=request.params.get("prefix", ""),
        text=request.params.get("q", ""),
        states=states_of(request.params.get("state")),
        kind=kind,
        since=moment(request, "since"),
    )


def states_of(text: str | None) -> frozenset[State]:
    states: frozenset[State] = frozenset()
    for word in text.split(",") if text else ():
        if word == "pending":
            states |= PENDING
        elif word in set(State):
            states |= {State(word)}
        else:
            refuse_parameter("state", word, f"Give one or more of pending, {', '.join(State)}.")
    return states


def list_related(services: Services, request: func.HttpRequest) -> func.HttpResponse:
    check_parameters(request, ())
    items = listing.related(services, job_id_of(request))
    return to_cacheable_json(request, 200, {"items": codec.to_json(items)})


def list_costs(services: Services, request: func.HttpRequest) -> func.HttpResponse:
    check_parameters(request, ("from", "to"))
    first, last, lines = costs.costs(services, first=day(request, "from"), last=day(request, "to"))
    body = {
        "from": codec.to_json(first),
        "to": codec.to_json(last),
        "usd": total(line.usd for line in lines),
        "estimate_usd": total(line.estimate_usd for line in lines),
        "max_usd": total(line.max_usd for line in lines),
        "maybe_paid": sum(line.maybe_paid for line in lines),
        "unpriced": sum(line.unpriced for line in lines),
        "maybe_usd": total(line.maybe_usd for line in lines),
        "days": codec.to_json(lines),
    }
    return to_json(200, body)


@exactly
def total(amounts: Any) -> str:
    return format(sum(amounts, Decimal(0)), "f")
