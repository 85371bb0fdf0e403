"""HTTP in and out: unpacks requests, calls one use case of shared/pipeline, gives its outcome a form."""
