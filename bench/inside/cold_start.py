"""Inside the package: what a new instance does for its first picture, and the CPU seconds it takes.

Run by bench/cold_start.py with nothing but the unpacked package on the path; prints one line of JSON.
"""

from __future__ import annotations

import json
import sys
import time
from itertools import pairwise


def main() -> None:
    marks = [("start", time.process_time())]
    import azurefunctions.extensions.bindings.blob  # noqa: F401, PLC0415 - the worker loads it while it indexes

    import function_app  # noqa: PLC0415 - this is what is measured

    function_app.app.get_functions()
    marks.append(("index", time.process_time()))
    from shared.core.jobs.job import AnalysisMessage  # noqa: PLC0415 - as above
    from shared.pipeline.accept import accept_upload  # noqa: PLC0415 - as the functions do
    from shared.pipeline.analyze import analyze  # noqa: PLC0415 - as above
    from shared.wiring import services  # noqa: PLC0415 - as above

    job = accept_upload(services(), sys.argv[1])
    marks.append(("first accept", time.process_time()))
    done = analyze(services(), AnalysisMessage(job_id=job.job_id if job else ""))
    marks.append(("first analyze", time.process_time()))
    services().media.close()  # type: ignore[attr-defined]  # the real one has a child to end
    spent = {name: after - before for (_, before), (name, after) in pairwise(marks)}
    print(json.dumps({"state": done.state.value if done else None, "cpu_s": spent}))


main()
