"""What each dated version of Azure's chat API understands: one row per version, looked up by its exact name.

Counted in Microsoft's published specifications (checked 2026-11-21); what only the how-to pages ever showed says so.
The v1 API has no date and gets what is new first. An unknown version is an error, never taken for its neighbour.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Literal

from shared.core.errors import SettingsInvalid

USE_V1 = "Remove AZURE_OPENAI_API_VERSION to use the v1 API."


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiVersion:
    """What one version of the API understands. `pictures`: bare strings and {"image": base64}, or typed parts.
    `enhancements`: where the body goes and its key.

    `reasoning`: max_completion_tokens, reasoning_effort and the developer role (2024-12-01-preview).
    """

    name: str
    pictures: Literal["none", "strings", "parts"] = "parts"
    enhancements: Literal["none", "extension", "merged"] = "none"
    structured_outputs: bool = False
    reasoning: bool = False
    responses: bool = False
    original_detail: bool = False
    retired: str | None = None

    @property
    def dated(self) -> bool:
        """Whether the version has a date: then the URL names the deployment; v1 wants it in the body, as OpenAI
        does.
        """
        return self.name not in {"v1", "preview"}


V1 = ApiVersion(name="v1", structured_outputs=True, reasoning=True, responses=True, original_detail=True)
V1_PREVIEW = replace(V1, name="preview")

TEXT_ONLY = ApiVersion(name="", pictures="none")
PARTS = ApiVersion(name="")
STRUCTURED = ApiVersion(name="", structured_outputs=True)
REASONING = ApiVersion(name="", structured_outputs=True, reasoning=True)
RESPONSES = ApiVersion(name="", structured_outputs=True, reasoning=True, responses=True)

RETIRED = "2024-07-01"  # Microsoft's notice: these stop accepting requests on that day

API_VERSIONS: dict[str, ApiVersion] = {
    row.name: row
    for row in (
        V1,
        V1_PREVIEW,
        replace(TEXT_ONLY, name="2023-03-15-preview", retired=RETIRED),
        replace(TEXT_ONLY, name="2023-05-15"),
        replace(TEXT_ONLY, name="2023-06-01-preview"),
        replace(TEXT_ONLY, name="2023-07-01-preview", retired=RETIRED),
        replace(TEXT_ONLY, name="2023-08-01-preview", retired=RETIRED, pictures="strings"),  # how-to page only
        replace(TEXT_ONLY, name="2023-09-01-preview", retired=RETIRED),
        replace(TEXT_ONLY, name="2023-10-01-preview"),
        replace(PARTS, name="2023-12-01-preview", retired=RETIRED, enhancements="extension"),
        replace(PARTS, name="2024-02-01"),
        replace(PARTS, name="2024-02-15-preview", enhancements="merged"),
        replace(PARTS, name="2024-03-01-preview", enhancements="merged"),
        replace(PARTS, name="2024-04-01-preview"),
        replace(PARTS, name="2024-05-01-preview"),
        replace(PARTS, name="2024-06-01"),
        replace(PARTS, name="2024-07-01-preview"),
        replace(STRUCTURED, name="2024-08-01-preview"),
        replace(STRUCTURED, name="2024-09-01-preview"),
        replace(STRUCTURED, name="2024-10-01-preview"),
        replace(STRUCTURED, name="2024-10-21"),
        replace(REASONING, name="2024-12-01-preview"),
        replace(REASONING, name="2025-01-01-preview"),
        replace(REASONING, name="2025-02-01-preview"),
        replace(RESPONSES, name="2025-03-01-preview"),
        replace(RESPONSES, name="2025-04-01-preview"),
    )
}


def look_up_api_version(name: str | None) -> ApiVersion:
    """The version's row; v1 for None, like an unset setting. Raises SettingsInvalid for an unknown one."""
    if name is None:
        return V1
    version = API_VERSIONS.get(name)
    if version is None:
        near = ", ".join(get_close_matches(name, API_VERSIONS, n=3, cutoff=0.0))
        row = "remove it to use the v1 API, or add its row to shared/core/models/api_versions.py"
        raise SettingsInvalid((f"AZURE_OPENAI_API_VERSION has value {name!r}, which is unknown (near: {near}): {row}",))
    return version
