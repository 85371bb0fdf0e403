r"""Measures picture tokens again, against a real and paid endpoint: what is billed with the picture minus without it.

    VISIONDROP_LIVE_URL=https://RESOURCE.openai.azure.com/openai/v1/ VISIONDROP_LIVE_KEY=… \
    VISIONDROP_LIVE_DEPLOYMENT=… VISIONDROP_LIVE_MODEL=gpt-5.4-mini  .venv/bin/python -m pytest tests/live -m live

One run is 28 requests that each answer with at most 16 tokens; gpt-4o-mini, which counts most, reads 160,000 tokens.
Skipped while any of the four variables is missing. VISIONDROP_LIVE_MODEL is the model behind the deployment.
"""

from __future__ import annotations

import base64
import io
import os

import openai
import pytest
from PIL import Image

from shared.core.models.catalogue import look_up_model
from shared.core.models.tokens import image_tokens

VARIABLES = ("VISIONDROP_LIVE_URL", "VISIONDROP_LIVE_KEY", "VISIONDROP_LIVE_DEPLOYMENT", "VISIONDROP_LIVE_MODEL")
MISSING = [name for name in VARIABLES if not os.environ.get(name)]
SIZES = ((1, 1), (512, 512), (513, 513), (1126, 488), (2049, 513), (2050, 513), (1600, 1600))

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(bool(MISSING), reason=f"asks a paid endpoint; set {', '.join(MISSING)} to run it"),
]


def billed(content) -> int:
    """Input tokens of one request."""
    model = look_up_model(os.environ["VISIONDROP_LIVE_MODEL"])
    with openai.OpenAI(base_url=os.environ["VISIONDROP_LIVE_URL"], api_key=os.environ["VISIONDROP_LIVE_KEY"]) as client:
        reply = client.chat.completions.create(
            model=os.environ["VISIONDROP_LIVE_DEPLOYMENT"],
            messages=[{"role": "user", "content": content}],
            extra_body={model.token_limit_field: 16},
        )
    assert reply.usage is not None
    return reply.usage.prompt_tokens


def picture(width, height, detail):
    file = io.BytesIO()
    Image.new("RGB", (width, height), "gray").save(file, "PNG")
    url = "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
    return {"type": "image_url", "image_url": {"url": url, "detail": detail}}


@pytest.mark.parametrize("detail", ["low", "high"])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_bill_is_what_the_rule_says(width, height, detail):
    """Within the one token by which the guide lets billing differ."""
    model = look_up_model(os.environ["VISIONDROP_LIVE_MODEL"])
    text = {"type": "text", "text": "Say yes."}
    measured = billed([text, picture(width, height, detail)]) - billed([text])
    expected = image_tokens(model, width=width, height=height, detail=detail).tokens
    assert abs(measured - expected) <= 1, f"{width}x{height} {detail}: billed {measured}, rule {expected}"
