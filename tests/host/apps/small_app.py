"""A small app for the command: an HTTP function, a timer that runs at the start, and one that cannot start."""

from __future__ import annotations

import os

import azure.functions as func

app = func.FunctionApp()


@app.route(methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def hello(req: func.HttpRequest) -> str:
    return f"hello {req.params.get('name', os.environ.get('GREETED', 'nobody'))}"


@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *", run_on_startup=True)
def sweep(timer: func.TimerRequest, context: func.Context) -> None:
    print(f"swept by {context.function_name}, past due: {timer.past_due}", flush=True)  # noqa: T201 # the test reads it


@app.queue_trigger(arg_name="message", queue_name="%NOT_SET%", connection="")
def work(message: func.QueueMessage) -> None:
    raise AssertionError(message.id)
