"""What a file is, by its bytes."""

from __future__ import annotations

import pytest

from shared.core.media.kinds import HEAD_BYTES, KINDS, sniff


def ftyp(major: bytes, *compatible: bytes) -> bytes:
    brands = major + bytes(4) + b"".join(compatible)
    return (len(brands) + 8).to_bytes(4, "big") + b"ftyp" + brands + bytes(40)


HEADS = [
    (b"\xff\xd8\xff\xe0\0\x10JFIF", "jpeg", "image"),
    (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "png", "image"),
    (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR....\0\0\0\x08acTL........IDAT", "apng", "image"),
    (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR....IDAT...acTL", "png", "image"),
    (b"GIF89a\1\0\1\0", "gif", "image"),
    (b"RIFF\x24\0\0\0WEBPVP8 ", "webp", "image"),
    (b"RIFF\x24\0\0\0AVI LIST", "avi", "video"),
    (b"RIFF\x24\0\0\0WAVEfmt ", "wav", "audio"),
    (b"RIFF\x24\0\0\0ABCDdata", "unknown", "unsupported"),
    (b"BM\x36\0\0\0", "bmp", "image"),
    (b"II*\0\x08\0\0\0", "tiff", "image"),
    (b"MM\0*\0\0\0\x08", "tiff", "image"),
    (b"II*\0\x10\0\0\0CR\x02\0", "raw", "unsupported"),
    (b"FUJIFILMCCD-RAW 0201", "raw", "unsupported"),
    (b"\0\0\1\0\1\0\x10\x10", "ico", "image"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "jp2", "image"),
    (b"\xff\x4f\xff\x51\0\x2f", "jp2", "image"),
    (b"8BPS\0\1\0\0", "psd", "image"),
    (b"\xff\xd8\xff\xf7\0\x11\x08\x01", "jls", "unsupported"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "jxl", "unsupported"),
    (ftyp(b"heic", b"mif1", b"heic"), "heic", "image"),
    (ftyp(b"mif1", b"heic", b"miaf"), "heic", "image"),
    (ftyp(b"mif1", b"avif", b"miaf"), "avif", "image"),
    (ftyp(b"avif", b"mif1"), "avif", "image"),
    (ftyp(b"avis", b"avif", b"msf1"), "avif", "image"),
    (ftyp(b"isom", b"avc1"), "mp4", "video"),
    (ftyp(b"abcd", b"mp42"), "mp4", "video"),
    (ftyp(b"abcd"), "mp4", "video"),
    (ftyp(b"qt  "), "mov", "video"),
    (ftyp(b"3gp4", b"isom"), "3gp", "video"),
    (ftyp(b"M4A ", b"isom"), "m4a", "audio"),
    (ftyp(b"crx ", b"isom"), "raw", "unsupported"),
    (b"\0\0\0\x08wide\0\0\0\0mdat", "mov", "video"),
    (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\1\x42\x82\x84webm", "webm", "video"),
    (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\1\x42\x82\x88matroska", "mkv", "video"),
    (b"ID3\4\0", "mp3", "audio"),
    (b"%PDF-1.7", "pdf", "unsupported"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "svg", "unsupported"),
    (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- made by hand -->\n<svg/>", "svg", "unsupported"),
    (b"<!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN' 'x'>\n<svg/>", "svg", "unsupported"),
    (b"\n<!doctype HTML><p>log in", "html", "unsupported"),
    (b"<html><svg/></html>", "html", "unsupported"),
    (b"<?xml version='1.0'?><feed/>", "xml", "unsupported"),
    (b"Dear all,\r\n\xc3\xbcber", "text", "unsupported"),
    (b"PK\3\4", "zip", "unsupported"),
    (b"\0\1\2\3\4\5\6\7" * 9, "unknown", "unsupported"),
    (b"", "empty", "unsupported"),
]


@pytest.mark.parametrize(("head", "name", "kind"), HEADS)
def test_the_kind_comes_from_the_bytes(head, name, kind):
    """Every magic of the table leads to its format and kind."""
    found = sniff(head)
    assert (found.format, found.kind) == (name, kind)


@pytest.mark.parametrize(("head", "name", "_kind"), [row for row in HEADS if len(row[0]) > 16])
def test_what_follows_the_head_changes_nothing(head, name, _kind):
    """A whole file is told like its head: text is the exception, since a late zero byte makes it something else."""
    if name not in {"text", "html", "svg", "xml"}:
        assert sniff(head + bytes(HEAD_BYTES)).format == name


def test_text_cut_within_a_character_is_still_text():
    """A long text in Chinese may end in the middle of a character at the edge of the head."""
    assert sniff(("é" + "图像" * HEAD_BYTES).encode()).format == "text"


def test_every_kind_says_how_people_call_it():
    """The refusal names the format, so each has a label and a media type."""
    assert all(kind.label and "/" in kind.media_type for kind in KINDS.values())
