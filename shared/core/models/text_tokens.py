"""How many tokens a text costs, estimated without the tokenizer, which would have to be downloaded.

Text falls into pieces as OpenAI's tokenizers split it (words, digits by three, signs, blanks); each piece is charged by
its script. The rates were tuned by hand on the 33 samples of tests/golden/text_tokens.json, counted by o200k_base (the
encoding from gpt-4o on): 0.73 to 1.33 times the count there, which flatters it. On texts it was not tuned on (interface
messages in 33 languages, docs/tokens.md) whole languages come out at 0.73 (Lithuanian) to 1.30 times (Russian), nine of
ten single messages at 0.60 to 1.71; scripts without a rate of their own, such as Georgian, up to 3.4 times too high.
GPT-4 Turbo and vision-preview use the older cl100k_base, which needs up to 3.5 times the estimate outside Latin script.
The real number is in the reply's usage, which replaces this one.
"""

from __future__ import annotations

import re
from math import ceil

PIECE = re.compile(
    r"(?P<capitals>[A-Z]{2,})"
    r"|(?P<word>[A-Z]?[a-z\u00c0-\u024f\u1e00-\u1eff\u0300-\u036f]+|[A-Z])"
    r"|(?P<digits>[0-9]{1,3})"
    r"|(?P<lines>\s*[\r\n]+)"
    r"|(?P<blank>[^\S\r\n]{2,}|[^\S\r\n](?=[0-9]))"
    r"|(?P<joined>[^\S\r\n])"
    r"|(?P<signs>[!-/:-@\[-`{-~]+)"
    r"|(?P<other>.)",
    re.DOTALL,
)
SHORT_WORD = 6  # letters of a word that is one token
LETTERS_PER_TOKEN = 4  # beyond a short word
CAPITALS_PER_TOKEN = 3
SIGNS_PER_TOKEN = 3
ACCENT = 0.4  # tokens that one accented letter adds to its word

# (first, last code point, tokens per character) of the scripts that are charged by character
SCRIPTS: tuple[tuple[int, int, float], ...] = (
    (0x0370, 0x03FF, 0.42),  # Greek
    (0x0400, 0x052F, 0.37),  # Cyrillic
    (0x0590, 0x05FF, 0.50),  # Hebrew
    (0x0600, 0x06FF, 0.40),  # Arabic
    (0x0900, 0x0DFF, 0.42),  # Indic scripts, Devanagari to Sinhala
    (0x0E00, 0x0E7F, 0.42),  # Thai
    (0x2010, 0x2027, 1.00),  # dashes and quotation marks
    (0x3000, 0x30FF, 0.80),  # kana and CJK punctuation
    (0x3400, 0x9FFF, 0.95),  # Han
    (0xAC00, 0xD7AF, 0.75),  # Hangul
    (0xFF00, 0xFFEF, 1.00),  # full-width forms
)
ELSEWHERE = 1.5  # emoji, rare scripts: two or three tokens for some, one for the common ones


def text_tokens(text: str) -> int:
    """About how many tokens the text costs: good enough for a budget check with a margin, not for a bill."""
    return ceil(sum(_piece_tokens(piece) for piece in PIECE.finditer(text)))


def _piece_tokens(piece: re.Match[str]) -> float:
    found = piece.group()
    match piece.lastgroup:
        case "word":
            accents = sum(not letter.isascii() for letter in found)
            return 1 + max(0, len(found) - SHORT_WORD) / LETTERS_PER_TOKEN + ACCENT * accents
        case "capitals":
            return ceil(len(found) / CAPITALS_PER_TOKEN)
        case "digits" | "lines" | "blank":
            return 1
        case "joined":
            return 0  # one blank belongs to the word behind it
        case "signs":
            return ceil(len(found) / SIGNS_PER_TOKEN)
        case _:
            return _rate(ord(found))


def _rate(code_point: int) -> float:
    return next((rate for first, last, rate in SCRIPTS if first <= code_point <= last), ELSEWHERE)
