"""What a question will cost before it is asked: the one estimate, of budgets, of POST estimate and of the terminal.

The least is the input alone, about as a tokenizer would count it. The most is a ceiling, which budgets reserve: a token
for each byte of text, each token of input at its dearest price, every answer of full length.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import TypeVar

from shared.core.models.catalogue import Detail, Model
from shared.core.models.tokens import Usage, image_tokens, text_tokens
from shared.core.money.exact import exactly
from shared.core.money.price_types import NO_USD
from shared.core.money.prices import ceiling_usd, cost
from shared.core.money.video_prices import index_cost, query_cost
from shared.core.money.video_prompt import PROMPT_FRAMES, frame_tokens, video_prompt_cost

T = TypeVar("T")

SPOKEN_TOKENS = 10
"""A second: hardly anybody says more than four words in it, and few languages need more than two tokens for a word."""

FRAME_OF_REQUEST_TOKENS = 100  # roles, and the words around the prompt when a video is asked about in parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a question costs before it is asked, in tokens and dollars: `usd` for the input; `max_usd` with an answer of
    full length. None where it is not known.
    """

    image_tokens: int | None
    input_tokens: int | None
    usd: Decimal | None
    max_usd: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One picture as it is sent, in pixels, and the words before it: its upload's name, its time in a video."""

    width: int
    height: int
    words_before: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is paid for a video beside showing its frames: exactly what its job will do, no more.

    The transcript of `sound_s` seconds of sound stands in the question; `transcription_usd` is for the part that is not
    transcribed yet. `indexed_s` is how many seconds of video the index looks at; `finds_moments` is one search more.
    """

    sound_s: float = 0.0
    transcription_usd: Decimal = NO_USD
    indexed_s: float | None = None
    is_in_index: bool = False
    finds_moments: bool = False


NO_WORK = Work()


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateSubject:
    """Everything in a question that its price depends on.

    `texts` stand in every request: prompt, system message, earlier turns. `schema` is JSON as it is sent. At most
    `room` pictures fit into one request; of more, each part is asked about, and one request joins the answers.
    """

    model: Model
    detail: Detail
    max_output_tokens: int
    texts: tuple[str, ...]
    schema: str = ""
    pictures: tuple[Shown, ...] = ()
    room: int
    work: Work = NO_WORK
    on: date
    scope: str


def estimate(asked: EstimateSubject) -> Estimate:
    """Tokens and dollars. All are None for a model whose way of counting pictures is not published: the reply's usage
    will say.

    Raises PriceMissing, and what `image_tokens` raises for a picture that the model does not take.
    """
    counted = count(asked)
    if counted.input_tokens is None:
        return counted
    return price_indexed(asked, counted) if asked.work.indexed_s is not None else price_shown(asked, counted)


def count(asked: EstimateSubject) -> Estimate:
    """The tokens alone, without dollars, for where there is no price."""
    if asked.model.image_rule is None:
        return Estimate(image_tokens=None, input_tokens=None, usd=None, max_usd=None)
    if asked.work.indexed_s is not None:
        images, words = PROMPT_FRAMES * frame_tokens(asked.model), text_of(asked)
    else:
        images = sum(map(picture_tokens(asked), asked.pictures))
        words = words_of(asked.pictures) + text_of(asked) * len(requests(asked))
    return Estimate(image_tokens=images, input_tokens=images + words, usd=None, max_usd=None)


@exactly
def price_shown(asked: EstimateSubject, counted: Estimate) -> Estimate:
    """The estimate in dollars for pictures that are sent. Each request is priced for itself: the surcharge for long
    ones is the request's.
    """
    said = len(requests(asked)) - 1  # answers about parts: outputs, and then input of the last request
    least = sum((price_of_input(asked, shown) for shown in requests(asked)), NO_USD)
    most = ceiling_usd(
        asked.model,
        input_tokens=(counted.image_tokens or 0) + most_text_tokens(asked) + said * asked.max_output_tokens,
        output_tokens=(said + 1) * asked.max_output_tokens,
        on=asked.on,
        scope=asked.scope,
    )
    heard = asked.work.transcription_usd
    return replace(counted, usd=least + heard, max_usd=most + heard)


def price_of_input(asked: EstimateSubject, shown: Sequence[Shown]) -> Decimal:
    """The dollars for the input of one request with these pictures."""
    images = sum(map(picture_tokens(asked), shown))
    tokens = images + words_of(shown) + text_of(asked)
    usage = Usage(input_tokens=tokens, output_tokens=0, image_tokens=images)
    return cost(asked.model, usage, on=asked.on, scope=asked.scope).usd


@exactly
def price_indexed(asked: EstimateSubject, counted: Estimate) -> Estimate:
    """The estimate in dollars for a film in the index: at least what is sure to be sent, at most the service's bill
    with the search for frames and the answer.
    """
    work = asked.work
    usage = Usage(input_tokens=counted.input_tokens or 0, output_tokens=0, image_tokens=counted.image_tokens)
    bill = video_prompt_cost(
        asked.model,
        prompt_tokens=text_of(asked),
        transcript_tokens=spoken_tokens(work.indexed_s),
        output_tokens=asked.max_output_tokens,
        on=asked.on,
        scope=asked.scope,
    )
    index = index_cost(0 if work.is_in_index else work.indexed_s, on=asked.on).usd
    finds = query_cost(finds_moments=work.finds_moments, on=asked.on).usd
    bill_finds = query_cost(finds_moments=False, on=asked.on).usd
    least = cost(asked.model, usage, on=asked.on, scope=asked.scope).usd
    return replace(counted, usd=least + finds + index, max_usd=bill.usd - bill_finds + finds + index)


def requests(asked: EstimateSubject) -> list[tuple[Shown, ...]]:
    """The pictures of each request: those of the parts, and none for the request that joins the answers about them."""
    parts = even_slices(asked.pictures, asked.room)
    return parts if len(parts) == 1 else [*parts, ()]


def even_slices(items: Sequence[T], room: int) -> list[tuple[T, ...]]:
    """As few slices as possible of at most `room` items each, as nearly equal in length as possible; at least one."""
    count = max(1, -(-len(items) // room))
    edges = [len(items) * index // count for index in range(count + 1)]
    return [tuple(items[start:end]) for start, end in pairwise(edges)]


def most_text_tokens(asked: EstimateSubject) -> int:
    """More tokens than any tokenizer makes of the texts: a token is at least a byte."""
    texts = (*asked.texts, asked.schema, *(shown.words_before for shown in asked.pictures))
    each = sum(len(text.encode()) for text in texts) + FRAME_OF_REQUEST_TOKENS
    return each * len(requests(asked)) + spoken_tokens(asked.work.sound_s)


def picture_tokens(asked: EstimateSubject) -> Callable[[Shown], int]:
    def tokens(shown: Shown) -> int:
        return image_tokens(asked.model, width=shown.width, height=shown.height, detail=asked.detail).tokens

    return tokens


def words_of(pictures: Sequence[Shown]) -> int:
    return sum(text_tokens(shown.words_before) for shown in pictures)


def text_of(asked: EstimateSubject) -> int:
    return sum(text_tokens(text) for text in asked.texts)


def spoken_tokens(heard_s: float | None) -> int:
    """The most tokens that the transcript of so many seconds adds to the question, its times included."""
    return round((heard_s or 0) * SPOKEN_TOKENS)
