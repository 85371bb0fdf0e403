"""The real worker's own indexing takes the app, its lazily loaded blob type included (on Python 3.13 and later)."""

from __future__ import annotations

import typing

import pytest

functions = pytest.importorskip("azure_functions_runtime.functions", reason="the worker's runtime needs Python 3.13")


class Protos:
    """The numbers that the worker's messages give to directions."""

    class BindingInfo:
        IN, out, inout = range(3)


def test_the_worker_indexes_every_function():
    """Each function is accepted, and `accept` gets a blob client instead of the blob's bytes."""
    from azure_functions_runtime.bindings import meta  # noqa: PLC0415  # as above

    import function_app  # noqa: PLC0415  # only where the runtime is there

    meta.load_binding_registry()
    registry = functions.Registry()
    indexed = [registry.add_indexed_function(function, Protos) for function in function_app.app.get_functions()]
    deferred: dict[str, typing.Any] = {info.name: info for info in indexed if info.deferred_bindings_enabled}

    assert len(indexed) >= 4
    assert list(deferred) == ["accept"]
    assert deferred["accept"].input_types["upload"].pytype.__name__ == "BlobClient"
