"""What a file is, told from its first bytes; its name and its content type are never believed.

The first step of `accept`: the answer decides whether pixels or frames opens the file, or nobody does.
Formats that people drop but nothing here can read are named too, so that the refusal can say what they are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from shared.core.media.film_kinds import film_format

MediaKind = Literal["image", "video", "audio", "unsupported"]

HEAD_BYTES = 4096
"""How much of a file `sniff` wants to see. 64 bytes settle every binary format; SVG and HTML may start late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of file. `format` is a short stable word ("jpeg"), `label` is what people call it."""

    format: str
    media_type: str
    kind: MediaKind
    label: str


KINDS = {
    row[0]: Kind(format=row[0], media_type=row[1], kind=row[2], label=row[3])
    for row in (
        ("jpeg", "image/jpeg", "image", "JPEG"),
        ("png", "image/png", "image", "PNG"),
        ("apng", "image/apng", "image", "animated PNG"),
        ("gif", "image/gif", "image", "GIF"),
        ("webp", "image/webp", "image", "WebP"),
        ("bmp", "image/bmp", "image", "BMP"),
        ("tiff", "image/tiff", "image", "TIFF"),
        ("heic", "image/heic", "image", "HEIC"),
        ("avif", "image/avif", "image", "AVIF"),
        ("ico", "image/vnd.microsoft.icon", "image", "ICO"),
        ("jp2", "image/jp2", "image", "JPEG 2000"),
        ("psd", "image/vnd.adobe.photoshop", "image", "PSD"),
        ("mp4", "video/mp4", "video", "MP4"),
        ("mov", "video/quicktime", "video", "QuickTime"),
        ("3gp", "video/3gpp", "video", "3GP"),
        ("mkv", "video/x-matroska", "video", "Matroska"),
        ("webm", "video/webm", "video", "WebM"),
        ("avi", "video/x-msvideo", "video", "AVI"),
        ("ts", "video/mp2t", "video", "MPEG transport stream"),
        ("mpeg", "video/mpeg", "video", "MPEG program stream"),
        ("m2v", "video/mpeg", "video", "MPEG-1/2 video"),
        ("asf", "video/x-ms-asf", "video", "Windows Media"),
        ("flv", "video/x-flv", "video", "Flash video"),
        ("ogv", "video/ogg", "video", "Ogg video"),
        ("mxf", "application/mxf", "video", "MXF"),
        ("dv", "video/x-dv", "video", "DV"),
        ("m4a", "audio/mp4", "audio", "MPEG-4 audio"),
        ("mp3", "audio/mpeg", "audio", "MP3"),
        ("wav", "audio/wav", "audio", "WAV"),
        ("flac", "audio/flac", "audio", "FLAC"),
        ("ogg", "audio/ogg", "audio", "Ogg"),
        ("aac", "audio/aac", "audio", "AAC"),
        ("wma", "audio/x-ms-wma", "audio", "Windows Media audio"),
        ("svg", "image/svg+xml", "unsupported", "SVG"),
        ("pdf", "application/pdf", "image", "PDF"),
        ("html", "text/html", "unsupported", "a web page"),
        ("xml", "application/xml", "unsupported", "XML"),
        ("text", "text/plain", "unsupported", "plain text"),
        ("jls", "image/jls", "unsupported", "JPEG-LS"),
        ("jxl", "image/jxl", "unsupported", "JPEG XL"),
        ("raw", "image/x-raw", "image", "a camera raw file"),
        ("exr", "image/x-exr", "unsupported", "OpenEXR"),
        ("rm", "application/vnd.rn-realmedia", "unsupported", "RealMedia"),
        ("swf", "application/x-shockwave-flash", "unsupported", "a Flash animation"),
        ("wtv", "video/x-wtv", "unsupported", "a Windows TV recording"),
        ("h26x", "video/h264", "unsupported", "a bare H.264 or HEVC stream"),
        ("ivf", "video/x-ivf", "unsupported", "IVF"),
        ("y4m", "video/x-raw", "unsupported", "uncompressed YUV4MPEG video"),
        ("zip", "application/zip", "unsupported", "a ZIP archive"),
        ("gzip", "application/gzip", "unsupported", "a gzip file"),
        ("empty", "application/x-empty", "unsupported", "an empty file"),
        ("unknown", "application/octet-stream", "unsupported", "an unknown kind of file"),
    )
}

# (offset, bytes, format): the first match wins, so the narrow ones stand before the wide ones.
MAGICS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff\xf7", "jls"),
    (0, b"\xff\xd8\xff", "jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "png"),
    (0, b"GIF87a", "gif"),
    (0, b"GIF89a", "gif"),
    (8, b"CR\x02\x00", "raw"),
    (0, b"II*\x00", "tiff"),
    (0, b"MM\x00*", "tiff"),
    (0, b"II+\x00", "tiff"),
    (0, b"MM\x00+", "tiff"),
    (0, b"IIU\x00", "raw"),
    (0, b"IIRO", "raw"),
    (0, b"IIRS", "raw"),
    (0, b"MMOR", "raw"),
    (0, b"FUJIFILMCCD-RAW", "raw"),
    (0, b"\x00\x00\x00\x0cjP  \r\n\x87\n", "jp2"),
    (0, b"\xff\x4f\xff\x51", "jp2"),
    (0, b"8BPS\x00\x01", "psd"),
    (0, b"8BPS\x00\x02", "psd"),
    (0, b"\x00\x00\x01\x00", "ico"),
    (0, b"\x00\x00\x00\x0cJXL \r\n\x87\n", "jxl"),
    (0, b"\xff\x0a", "jxl"),
    (0, b"\x76\x2f\x31\x01", "exr"),
    (0, b"%PDF-", "pdf"),
    (0, b"fLaC", "flac"),
    (0, b"ID3", "mp3"),
    (0, b"\xff\xf1", "aac"),
    (0, b"\xff\xf9", "aac"),
    (0, b"\xff\xfb", "mp3"),
    (0, b"\xff\xf3", "mp3"),
    (0, b"\xff\xfa", "mp3"),
    (0, b"\xff\xf2", "mp3"),
    (0, b"\x00\x00\x01\xba", "mpeg"),
    (0, b"\x00\x00\x01\xb3", "m2v"),
    (0, b"FLV\x01", "flv"),
    (0, b"PK\x03\x04", "zip"),
    (0, b"\x1f\x8b\x08", "gzip"),
    (0, b"BM", "bmp"),
)

RIFF_FORMS = {b"WEBP": "webp", b"AVI ": "avi", b"WAVE": "wav", b"CDXA": "mpeg"}  # the last: a Video CD

# Brands of the ftyp box (ISO/IEC 14496-12, 23008-12; AVIF spec). The major brand decides before the compatible ones.
BRANDS = {
    b"avif": "avif",
    b"avis": "avif",
    b"heic": "heic",
    b"heix": "heic",
    b"heim": "heic",
    b"heis": "heic",
    b"hevc": "heic",
    b"hevx": "heic",
    b"qt  ": "mov",
    b"M4A ": "m4a",
    b"M4B ": "m4a",
    b"crx ": "raw",
    b"jxl ": "jxl",
    b"3gp4": "3gp",
    b"3gp5": "3gp",
    b"3gp6": "3gp",
    b"3gp7": "3gp",
    b"3g2a": "3gp",
    b"isom": "mp4",
    b"iso2": "mp4",
    b"iso4": "mp4",
    b"iso5": "mp4",
    b"iso6": "mp4",
    b"mp41": "mp4",
    b"mp42": "mp4",
    b"avc1": "mp4",
    b"dash": "mp4",
    b"M4V ": "mp4",
    b"MSNV": "mp4",
}
STILL_BRANDS = (b"mif1", b"msf1", b"mif2", b"miaf")  # "some still": a codec brand beside it says which
QUICKTIME_ATOMS = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")  # a movie from before ftyp existed

MARKUP = re.compile(
    rb"^(?:(?><\?xml.*?\?>)|(?><!--.*?-->)|(?><!DOCTYPE\s+svg.*?>)|\s)*+<(svg|!doctype\s+html|[a-z]+)",
    re.IGNORECASE | re.DOTALL,
)
"""What may stand before the first tag is taken once: with several ends to choose from for each comment, 350 bytes of
comments would take longer than anybody waits."""

HTML_TAGS = (b"html", b"head", b"body", b"script", b"meta", b"title", b"div")
NOT_IN_TEXT = frozenset(range(0x20)) - frozenset(b"\t\n\r\f\x1b")


def sniff(head: bytes) -> Kind:
    """The kind of a file by its first bytes: HEAD_BYTES of them, or the whole of a shorter file."""
    return KINDS[sniff_format(head[:HEAD_BYTES])]


def sniff_format(head: bytes) -> str:
    if not head:
        return "empty"
    for look in (by_riff, by_brand, by_magic, by_matroska, film_format, by_markup, by_text):
        if found := look(head):
            return found
    return "unknown"


def by_magic(head: bytes) -> str | None:
    found = next((name for offset, magic, name in MAGICS if head.startswith(magic, offset)), None)
    return "apng" if found == "png" and b"acTL" in head.partition(b"IDAT")[0] else found


def by_riff(head: bytes) -> str | None:
    return RIFF_FORMS.get(head[8:12], "unknown") if head.startswith(b"RIFF") else None


def by_brand(head: bytes) -> str | None:
    """The format of an ISO base media file: the brands in the ftyp box say whether it is a still (and its codec) or a
    movie.
    """
    if head[4:8] != b"ftyp":
        return "mov" if head[4:8] in QUICKTIME_ATOMS else None
    size = int.from_bytes(head[:4], "big")
    brands = [head[at : at + 4] for at in range(16, min(size, len(head) - 3), 4)]
    major = head[8:12]
    if major in BRANDS:
        return BRANDS[major]
    known = [BRANDS[brand] for brand in brands if brand in BRANDS]
    stills = [name for name in known if name in {"heic", "avif"}]
    if major in STILL_BRANDS:
        return stills[0] if stills else "heic"
    return next(iter(stills + known), "3gp" if major.startswith((b"3gp", b"3g2")) else "mp4")


def by_matroska(head: bytes) -> str | None:
    if not head.startswith(b"\x1a\x45\xdf\xa3"):
        return None
    return "webm" if b"webm" in head[:64] else "mkv"


def by_markup(head: bytes) -> str | None:
    match = MARKUP.match(head.removeprefix(b"\xef\xbb\xbf"))
    if match is None:
        return None
    tag = match[1].lower()
    if tag == b"svg":
        return "svg"
    return "html" if tag.startswith(b"!doctype") or tag in HTML_TAGS else "xml"


def by_text(head: bytes) -> str | None:
    if not NOT_IN_TEXT.isdisjoint(head):
        return None
    try:
        head.decode()
    except UnicodeDecodeError as error:
        cut_within_a_character = len(head) == HEAD_BYTES and error.start >= HEAD_BYTES - 3
        return "text" if cut_within_a_character else None
    return "text"
