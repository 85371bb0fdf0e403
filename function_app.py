"""The functions: each unpacks its trigger, calls one use case of shared/pipeline and translates the outcome.

Importing this file builds nothing and loads no SDK: the worker indexes it with an empty environment, and a cold start
pays only for what the first invocation needs. So the heavy imports stand inside the functions.
"""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

import azure.functions as func

from shared.core import places


def lazy(name: str) -> ModuleType:
    """A module that is loaded when it is first used. Raises ModuleNotFoundError. The blob binding's type is looked at
    only when the worker indexes this file.
    """
    spec = importlib.util.find_spec(name)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(f"{name} is not installed; see requirements.txt", name=name)
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


blob = lazy("azurefunctions.extensions.bindings.blob")

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)


@app.blob_trigger(
    arg_name="upload",
    path=f"{places.UPLOADS}/{{name}}",
    connection="AzureWebJobsStorage",
    source=func.BlobSource.EVENT_GRID,
)
def accept(upload: blob.BlobClient) -> None:  # type: ignore[name-defined]  # a module loaded lazily
    from shared.pipeline.watch import accept_event
    from shared.wiring import services

    accept_event(services(), upload.blob_name)


@app.queue_trigger(arg_name="message", queue_name=places.ANALYZE, connection="AzureWebJobsStorage")
def analyze(message: func.QueueMessage) -> None:
    from shared.pipeline.analyze import analyze_message
    from shared.wiring import load_model, services

    load_model()
    analyze_message(services(), message.get_body())


@app.queue_trigger(arg_name="message", queue_name=places.ANALYZE_POISON, connection="AzureWebJobsStorage")
def bury_analysis(message: func.QueueMessage) -> None:
    from shared.pipeline.bury import bury_message
    from shared.wiring import services

    bury_message(services(), message.get_body())


@app.queue_trigger(arg_name="message", queue_name=places.UPLOAD_POISON, connection="AzureWebJobsStorage")
def bury_accept(message: func.QueueMessage) -> None:
    from shared.pipeline.bury import bury_upload
    from shared.wiring import services

    bury_upload(services(), message.get_body())


@app.timer_trigger(arg_name="timer", schedule="0 */5 * * * *")
def sweep(timer: func.TimerRequest) -> None:
    from shared.pipeline.sweep import sweep
    from shared.pipeline.watch import watch
    from shared.wiring import services

    watch(services())
    sweep(services())


@app.timer_trigger(arg_name="timer", schedule="0 2/5 * * * *")  # between two sweeps
def find_missed(timer: func.TimerRequest) -> None:
    from shared.pipeline.missed import accept_missed
    from shared.wiring import services

    accept_missed(services())


@app.route("results/{*name}", methods=["GET"])
async def get_result(req: func.HttpRequest) -> func.HttpResponse:
    from shared.http import lookup

    return await lookup.results(req)


@app.route("jobs/{job_id}", methods=["GET"])
async def get_job(req: func.HttpRequest) -> func.HttpResponse:
    from shared.http import lookup

    return await lookup.by_id(req)


@app.route("jobs/{job_id}/related", methods=["GET"])
async def get_related(req: func.HttpRequest) -> func.HttpResponse:
    from shared.http import lists, replies

    return await replies.respond(lambda services: lists.list_related(services, req))


@app.route("jobs/{job_id}/compare/{other_id}", methods=["GET"])
async def compare_jobs(req: func.HttpRequest) -> func.HttpResponse:
    from shared.http import questions, replies

    return await replies.respond(lambda services: questions.compare_jobs(services, req))


@app.route("jobs/{job_id}/rerun", methods=["POST"])
async def rerun_job(req: func.HttpRequest) -> func.HttpResponse:
    from shared.http import questions

    return await questions.rerun(req)


@app.route("ask", methods=["POST"])
async def ask(req: func.HttpRequest) -> func.HttpResponse:
    from shared.http import questions

    return await questions.ask(req)


@app.route("estimate", methods=["POST"])
async def post_estimate(req: func.HttpRequest) -> func.HttpResponse:
    from shared.http import estimates, replies

    return await replies.respond(lambda services: estimates.post_estimate(services, req))


@app.route("videos/search", methods=["POST"])
async def search_videos(req: func.HttpRequest) -> func.HttpResponse:
    from shared.http import replies, videos

    return await replies.respond(lambda services: videos.search(services, req))


@app.route("costs", methods=["GET"])
async def get_costs(req: func.HttpRequest) -> func.HttpResponse:
    from shared.http import lists, replies

    return await replies.respond(lambda services: lists.list_costs(services, req))


@app.route("media/{*name}", methods=["GET"])
async def get_media(req: func.HttpRequest) -> func.HttpResponse:
    from shared.http import files, replies

    return await replies.respond(lambda services: files.media(services, req))


@app.route("originals/{*name}", methods=["GET"])
async def get_original(req: func.HttpRequest) -> func.HttpResponse:
    from shared.http import files, replies

    return await replies.respond(lambda services: files.original(services, req))


@app.route("uploads/{*name}", methods=["PUT"])
async def put_upload(req: func.HttpRequest) -> func.HttpResponse:
    from shared.http import replies, uploads

    return await replies.respond(lambda services: uploads.put_upload(services, req))


@app.route("uploads", methods=["POST"])
async def post_upload(req: func.HttpRequest) -> func.HttpResponse:
    from shared.http import replies, uploads

    return await replies.respond(lambda services: uploads.post_upload(services, req))


@app.route("openapi.json", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def get_contract(req: func.HttpRequest) -> func.HttpResponse:
    from shared.http import openapi

    return openapi.get_openapi(req)


@app.route("health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def health(req: func.HttpRequest) -> func.HttpResponse:
    from shared.http import health, replies

    return await replies.respond(health.health)


@app.route("gallery/{*file}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def get_gallery(req: func.HttpRequest) -> func.HttpResponse:
    from shared.http.gallery import gallery

    return gallery(req)
