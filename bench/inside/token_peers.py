"""Runs inside the peers' own environment: published counts on stdin, what each package returns on stdout, as JSON."""
# ruff: noqa: PLC0415 - each peer is imported by its own function, so that one that breaks does not stop the others

from __future__ import annotations

import base64
import io
import json
import sys
from functools import cache

from PIL import Image


@cache
def picture(width, height):
    return Image.new("1", (width, height))


@cache
def data_url(width, height):
    file = io.BytesIO()
    picture(width, height).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def parts(vector):
    url = data_url(vector["width"], vector["height"])
    return [{"type": "text", "text": "x"}, {"type": "image_url", "image_url": {"url": url, "detail": vector["detail"]}}]


def litellm_token_counter(vector):
    import litellm

    def count(content):
        return litellm.token_counter(model=vector["model"], messages=[{"role": "user", "content": content}])

    return count(parts(vector)) - count(parts(vector)[:1])


def litellm_rate_limiter(vector):
    from litellm.litellm_core_utils.token_counter import estimate_image_tokens

    return estimate_image_tokens(vector["model"], data_url(vector["width"], vector["height"]), vector["detail"])


def langchain_openai(vector):
    from langchain_core.messages import HumanMessage
    from langchain_openai import ChatOpenAI

    model = ChatOpenAI(model=vector["model"], api_key="none")

    def count(content):
        return model.get_num_tokens_from_messages([HumanMessage(content=content)])

    return count(parts(vector)) - count(parts(vector)[:1])


def llama_index(_vector):
    from llama_index.core.memory import Memory

    return Memory.model_fields["image_token_size_estimate"].default


def camel(vector):
    from camel.types import OpenAIVisionDetailType
    from camel.utils.token_counting import OpenAITokenCounter

    detail = OpenAIVisionDetailType(vector["detail"])
    count = OpenAITokenCounter._count_tokens_from_image  # noqa: SLF001 - the public function refuses newer model names
    return count(None, picture(vector["width"], vector["height"]), detail)


def autogen(vector):
    from types import SimpleNamespace

    from autogen_ext.models.openai._openai_client import calculate_vision_tokens

    return calculate_vision_tokens(SimpleNamespace(image=picture(vector["width"], vector["height"])), vector["detail"])


def tokencost(vector):
    from tokencost import count_message_tokens

    return count_message_tokens([{"role": "user", "content": parts(vector)}], vector["model"])


def token_helper(vector):
    from openai_messages_token_helper import count_tokens_for_image

    return count_tokens_for_image(data_url(vector["width"], vector["height"]), vector["detail"], vector["model"])


PEERS = {
    "litellm token_counter": litellm_token_counter,
    "litellm rate limiter": litellm_rate_limiter,
    "langchain-openai": langchain_openai,
    "llama-index-core": llama_index,
    "camel-ai": camel,
    "autogen-ext": autogen,
    "tokencost": tokencost,
    "openai-messages-token-helper": token_helper,
}


def answer(peer, vector):
    try:
        return peer(vector)
    except Exception as error:  # noqa: BLE001 - whatever a peer raises is its answer
        return type(error).__name__


if __name__ == "__main__":
    vectors = json.load(sys.stdin)
    print(json.dumps({name: [answer(peer, vector) for vector in vectors] for name, peer in PEERS.items()}))
