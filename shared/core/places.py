"""The names of everything in storage: containers, queues, tables and the files that mean something in `uploads`.

The functions, the adapters, the local run and the tests take the names from here; a test holds the Bicep templates to
them. A new place is one line here, and its kind's tuple makes the local storage have it.
"""

from __future__ import annotations

UPLOADS = "uploads"
"""People drop their files here."""

NORMALIZED = "normalized"
"""The pictures that models get, posters, MP4s for browsers, pieces of sound."""

RESULTS = "results"
"""Result documents and the stored answers of single steps."""

DEADLETTERS = "deadletters"
"""Events that Event Grid could not deliver, as JSON; made and filled by Event Grid only."""

ANALYZE = "analyze"
"""The queue of pointers to jobs."""

POISON = "-poison"
"""What the Functions host adds to a queue's name for messages that failed for good."""

ANALYZE_POISON = ANALYZE + POISON

UPLOAD_POISON = "webjobs-blobtrigger-poison"
"""Where the Functions host puts uploads that `accept` failed on for good; one queue for all blob triggers."""

JOBS = "jobs"
"""The table of jobs, their lists and keys, spending and what workers tell each other."""

LEDGER = "ledger"
"""The table of reservations and budgets."""

CONTAINERS = (UPLOADS, NORMALIZED, RESULTS)
QUEUES = (ANALYZE, ANALYZE_POISON)
TABLES = (JOBS, LEDGER)

OPTIONS_FILE = "_vision.toml"
"""The options of a folder of `uploads` and of all below it."""
