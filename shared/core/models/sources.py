"""Where the facts of the model, price and retirement rows come from: the ids that every row cites, with their date."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    what: str
    date: str  # of the source itself, as far as it is known
    where: str
    superseded_by: str | None = None  # a newer edition of the same page


_GUIDE = "OpenAI guide 'Images and vision'"
_AZURE_DOCS = "MicrosoftDocs/azure-ai-docs"

SOURCES: dict[str, Citation] = {
    "S1": Citation(
        what=f"{_GUIDE}, GPT-6 text with the 30,000-patch rejection",
        date="2026-09",
        where="developers.openai.com/api/docs/guides/images-vision",
    ),
    "S2": Citation(
        what=f"{_GUIDE}, GPT-5.6 text", date="2026-07", where="developers.openai.com/api/docs/guides/images-vision"
    ),
    "S3": Citation(what=f"{_GUIDE}, GPT-5.5 text, superseded", date="2026-04", where="platform.openai.com/docs"),
    "S4": Citation(what=f"{_GUIDE}, GPT-5.4 text, superseded", date="2026-03", where="platform.openai.com/docs"),
    "S5": Citation(
        what="LiteLLM 1.109.1 price file, whose rows cite OpenAI's pricing page and the Azure retail price API",
        date="2026-11-21",
        where="pypi litellm 1.109.1, model_prices_and_context_window_backup.json",
    ),
    "S6": Citation(
        what="Microsoft Foundry model retirement schedule",
        date="2026-07-07",
        where=f"{_AZURE_DOCS} 00bb5540 articles/foundry/openai/includes/concepts-model-retirement-schedule-content.md",
    ),
    "S6b": Citation(
        what="Microsoft Foundry model retirement schedule, older",
        date="2026-04-23",
        where=f"{_AZURE_DOCS} 47996875, same path",
        superseded_by="S6",
    ),
    "S7": Citation(
        what="OpenAI deprecations page as reported, checked there against GET /v1/models shutdown_date",
        date="2026-10-28",
        where="platform.openai.com/docs/deprecations",
    ),
    "S8": Citation(
        what="Azure OpenAI overview, 'Image tokens'",
        date="2025-03-25",
        where=f"{_AZURE_DOCS} 0abe86b0 articles/ai-services/openai/overview.md",
    ),
    "S9": Citation(
        what="Azure reasoning-models how-to, parameter tables",
        date="2026-02-24",
        where=f"{_AZURE_DOCS} 0d126d3a articles/foundry/openai/how-to/reasoning.md",
    ),
    "S10": Citation(
        what="Azure quotas and limits",
        date="2026-02-17",
        where=f"{_AZURE_DOCS} 1205cbf8 articles/foundry/openai/quotas-limits.md",
    ),
    "S11": Citation(
        what="pydantic genai-prices, openai.yml (price history)",
        date="2026-08-21",
        where="github pydantic/genai-prices 47df840a prices/providers/openai.yml",
    ),
    "S12": Citation(
        what="OpenAI deployment checklist and GPT-6 parameter notes",
        date="2026-10-07",
        where="developers.openai.com/api/docs/guides/deployment-checklist",
    ),
    "S13": Citation(
        what="community measurements against billed usage, topics 1262691 1281361 1344040 1377015 1382707",
        date="2025-05 to 2026-06",
        where="community.openai.com",
    ),
    "S14": Citation(
        what="Azure retired models",
        date="2026-04-23",
        where=f"{_AZURE_DOCS} 4345ee01 articles/foundry/openai/includes/concepts-retired-models-content.md",
    ),
    "S15": Citation(
        what="Azure model retirements, older page",
        date="2025-01-09",
        where=f"{_AZURE_DOCS} 014bb4a1 articles/ai-services/openai/concepts/model-retirements.md",
    ),
    "S16": Citation(
        what="reseller page of gpt-6.2-sol", date="2026-11", where="vercel.com/ai-gateway/models/gpt-6.2-sol.md"
    ),
    "S17": Citation(
        what="third-party test of gpt-6.1-sol picture sizes",
        date="2026-10-20",
        where="docs.apiyi.com/en/faq/vision-image-too-large",
    ),
    "S18": Citation(
        what="Azure how-to 'GPT-4 Turbo with Vision' with the video pricing example",
        date="2023-12",
        where="learn.microsoft.com/azure/ai-services/openai/how-to/gpt-with-vision",
    ),
    "S19": Citation(
        what="simonw/llm-prices, data/openai.json", date="2026-08-05", where="github simonw/llm-prices 723ef0bd"
    ),
    "S20": Citation(what="CometAPI notice on chatgpt-4o-latest", date="2026-02-05", where="cometapi.com"),
    "S21": Citation(
        what="end of gpt-4-vision-preview by OpenAI's and Azure's pages; which editions was not noted",
        date="2025-05",
        where="platform.openai.com/docs/deprecations; learn.microsoft.com/azure/ai-services/openai",
    ),
}
