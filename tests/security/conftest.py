"""Fixtures of the security tests: those of the pipeline's."""

from __future__ import annotations

from tests.pipeline.conftest import media, world

__all__ = ["media", "world"]
