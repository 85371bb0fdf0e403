"""Whether model, host and API version can do what is asked, before a token is paid for.

payload.py runs CHECKS first; each raises on its own matter. CapabilityMissing always says what to use instead.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from shared.core.ask.picture_limits import check_pictures
from shared.core.ask.question import Asked, Question
from shared.core.ask.schema_subset import check_schema
from shared.core.errors import CapabilityMissing, OptionsInvalid, SettingsInvalid
from shared.core.models.api_versions import USE_V1
from shared.core.models.catalogue import Model, PatchRule, TileRule

HIGHEST_TEMPERATURE = 2.0


def check_question(asked: Asked) -> None:
    for check in CHECKS:
        check(asked)


def check_address(asked: Asked) -> None:
    """Check the endpoint's address. Raises SettingsInvalid: a key in it would end up in logs; a query would end up in
    the middle of the path.
    """
    target = asked.target
    variable = "OPENAI_BASE_URL" if target.kind == "openai" else "AZURE_OPENAI_ENDPOINT"
    try:
        parts = urlsplit(target.base_url)
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a bracket that does not close
        is_address = False
    if not is_address:
        raise SettingsInvalid((f"{variable} is not an http(s) address",))
    if parts.query or parts.username or parts.fragment:
        raise SettingsInvalid((f"{variable} has a user name, a query or a fragment: give the address alone",))
    if target.kind == "openai" and target.api_version is not None:
        raise SettingsInvalid(("AZURE_OPENAI_API_VERSION is set, but OpenAI has no dated versions: remove it",))


def check_endpoint(asked: Asked) -> None:
    """Check that the model answers chat questions through this API version. Raises CapabilityMissing."""
    model, version = asked.model, asked.version
    if not (model.chat_completions or model.responses_api):
        raise CapabilityMissing(
            f"{model.name} makes pictures; it does not answer questions about them",
            hint="Use a chat model: ./visiondrop models lists them.",
        )
    if asked.responses and not version.responses:
        raise CapabilityMissing(
            f"{model.name} answers on the Responses API only, which version {version.name} does not have", hint=USE_V1
        )
    needs_new_limit = model.token_limit_field == "max_completion_tokens"  # noqa: S105 - counts words, no secret
    if needs_new_limit and not version.reasoning:
        raise CapabilityMissing(f"{model.name} needs max_completion_tokens; {version.name} has none", hint=USE_V1)


def check_prompt(asked: Asked) -> None:
    if not asked.question.prompt.strip():
        raise OptionsInvalid("the prompt is empty", field="prompt", hint="Say what you want to know.")


def check_detail(asked: Asked) -> None:
    """Check that the model and the API version take this detail. Raises CapabilityMissing."""
    if asked.question.detail != "original" or not asked.question.pictures:
        return
    if not takes_original(asked.model):
        raise CapabilityMissing(
            f"{asked.model.name} does not take detail original", hint="Use detail high: it sees as much."
        )
    if not asked.version.original_detail:
        raise CapabilityMissing(f"API version {asked.version.name} does not take detail original", hint=USE_V1)


def takes_original(model: Model) -> bool:
    rule = model.image_rule
    if isinstance(rule, TileRule):
        return rule.ignores_original
    return isinstance(rule, PatchRule) and rule.original is not None


def check_output_tokens(asked: Asked) -> None:
    asked_for, most = asked.question.max_output_tokens, asked.model.max_output_tokens
    if asked_for < 1 or (most is not None and asked_for > most):
        raise OptionsInvalid(
            f"max_output_tokens is {asked_for}; {asked.model.name} takes 1 to {most or 'any number'}",
            field="max_output_tokens",
        )


def check_temperature(asked: Asked) -> None:
    """Check that the model takes a temperature, from 0 to 2. Raises CapabilityMissing or OptionsInvalid."""
    model, question = asked.model, asked.question
    if question.temperature is None:
        return
    with_none = model.temperature_with_effort_none
    if not model.temperature and not (with_none and question.reasoning_effort == "none"):
        efforts = ", ".join(model.reasoning_efforts)
        instead = f"Leave temperature out; reasoning_effort takes {efforts}."
        hint = f"{instead} Together with none it takes a temperature." if with_none else instead
        raise CapabilityMissing(f"{model.name} does not take a temperature", hint=hint)
    if not 0 <= question.temperature <= HIGHEST_TEMPERATURE:
        raise OptionsInvalid(f"temperature is {question.temperature}; it goes from 0 to 2", field="temperature")


def check_reasoning(asked: Asked) -> None:
    """Check that the model takes this reasoning effort. Raises CapabilityMissing."""
    effort, efforts = asked.question.reasoning_effort, asked.model.reasoning_efforts
    if effort is None or effort in efforts:
        return
    if efforts:
        raise CapabilityMissing(
            f"{asked.model.name} does not take reasoning effort {effort!r}", hint=f"Use one of {', '.join(efforts)}."
        )
    raise CapabilityMissing(
        f"{asked.model.name} does not reason, so it takes no reasoning effort",
        hint="Leave it out, or use a reasoning model such as gpt-5-mini.",
    )


def check_structured_output(asked: Asked) -> None:
    """Check the schema, and that model and API version take one. Raises CapabilityMissing or OptionsInvalid."""
    schema = asked.question.schema
    if schema is None:
        return
    check_schema(schema)
    if not asked.model.json_schema:
        raise CapabilityMissing(
            f"{asked.model.name} takes no JSON schema together with pictures",
            hint="Use gpt-4o-2024-08-06 or later, or describe the JSON in the prompt.",
        )
    if not asked.version.structured_outputs:
        raise CapabilityMissing(f"API version {asked.version.name} has no structured outputs", hint=USE_V1)


def check_enhancements(asked: Asked) -> None:
    """Check that model, host and settings have Vision enhancements, where they are asked for. Raises CapabilityMissing
    or SettingsInvalid.
    """
    if not asked.enhanced:
        return
    if not asked.model.enhancements:
        raise CapabilityMissing(
            f"{asked.model.name} has no Vision enhancements (option {wished(asked.question)})",
            hint=hint_instead(asked.question),
        )
    if asked.target.kind == "openai" or asked.version.enhancements == "none":
        where = "OpenAI" if asked.target.kind == "openai" else f"API version {asked.version.name}"
        raise CapabilityMissing(
            f"{where} has no Vision enhancements (option {wished(asked.question)})",
            hint=f"{hint_instead(asked.question)} Only 2023-12-01-preview to 2024-03-01-preview ever had them.",
        )
    missing = [
        f"{variable} is missing: the Vision resource that does {wished(asked.question)}"
        for variable, value in (
            ("AZURE_VISION_ENDPOINT", asked.target.vision_endpoint),
            ("AZURE_VISION_KEY", asked.target.vision_key),
        )
        if not value
    ]
    if missing:
        raise SettingsInvalid(tuple(missing))


def wished(question: Question) -> str:
    named = {"ocr": question.ocr, "grounding": question.grounding, "video = index": question.video_index is not None}
    return ", ".join(name for name, wanted in named.items() if wanted)


def hint_instead(question: Question) -> str:
    if question.video_index is not None:
        return "Use video = frames: the frames are sent as pictures with their times."
    return (
        "Ask for the text or the objects in the prompt, with a JSON schema for their places (options prompt, schema)."
    )


CHECKS = (
    check_address,
    check_endpoint,
    check_prompt,
    check_detail,
    check_output_tokens,
    check_temperature,
    check_reasoning,
    check_structured_output,
    check_enhancements,
    check_pictures,
)
