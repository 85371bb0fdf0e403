"""What a file is, by its bytes."""

from __future__ import annotations

import pytest

from shared.core.media.kinds import HEAD_BYTES, KINDS, sniff


def ftyp(major: bytes, *compatible: bytes) -> bytes:
    brands = major + bytes(4) + b"".join(compatible)
    return (len(brands) + 8).to_bytes(4, "big") + b"ftyp" + brands + bytes(40)


def packets(size: int, *, before: int = 0, count: int = 20) -> bytes:
    """An MPEG transport stream's outline: a sync byte in each packet."""
    return b"".join(bytes(before) + b"G" + bytes([number]) * (size - before - 1) for number in range(count))


PICTURES = b"\xc0\xef\x19\xbc\x4d\x5b\xcf\x11\xa8\xfd\x00\x80\x5f\x5c\x44\x2b"
SOUND = b"\x40\x9e\x69\xf8\x4d\x5b\xcf\x11\xa8\xfd\x00\x80\x5f\x5c\x44\x2b"


def asf(*streams: bytes, size: int = 100) -> bytes:
    head = b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c" + size.to_bytes(8, "little")
    return head + bytes(6) + b"".join(streams) + bytes(100)


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
    (b"II*\0\x10\0\0\0CR\x02\0", "raw", "image"),
    (b"FUJIFILMCCD-RAW 0201", "raw", "image"),
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
    (ftyp(b"crx ", b"isom"), "raw", "image"),
    (b"\0\0\0\x08wide\0\0\0\0mdat", "mov", "video"),
    (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\1\x42\x82\x84webm", "webm", "video"),
    (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\1\x42\x82\x88matroska", "mkv", "video"),
    (b"ID3\4\0", "mp3", "audio"),
    (packets(188), "ts", "video"),
    (packets(192, before=4), "ts", "video"),
    (packets(204), "ts", "video"),
    (packets(188)[77:], "ts", "video"),
    (packets(188)[:500], "ts", "video"),
    (packets(188)[:188] + b"\0" * 3000, "unknown", "unsupported"),
    (b"G" + b"\0" * 187 + b"G" + b"\0" * 187 + b"\0" * 188, "unknown", "unsupported"),
    (b"\0\0\1\xba\x44\0\4", "mpeg", "video"),
    (b"RIFF\x24\0\0\0CDXAfmt ", "mpeg", "video"),
    (b"\0\0\1\xb3\x16\0\xf0", "m2v", "video"),
    (b"FLV\1\5\0\0\0\x09", "flv", "video"),
    (b"OggS\0\2" + bytes(22) + b"\x01\x2a\x80theora\3\2\1", "ogv", "video"),
    (
        b"OggS\0\2" + bytes(22) + b"\x01\x1e\x01vorbis" + bytes(30) + b"OggS\0\2" + bytes(22) + b"\x80theora",
        "ogv",
        "video",
    ),
    (b"OggS\0\2" + bytes(22) + b"\x01\x1e\x01vorbis", "ogg", "audio"),
    (asf(PICTURES, SOUND), "asf", "video"),
    (asf(SOUND), "wma", "audio"),
    (asf(SOUND, size=100_000), "asf", "video"),
    (b"\x06\x0e\x2b\x34\2\5\1\1\x0d\1\2\1\1\2\4\0", "mxf", "video"),
    (bytes(300) + b"\x06\x0e\x2b\x34\2\5\1\1\x0d\1\2\1\1\2\4\0", "mxf", "video"),
    (b"\x1f\7\0\x3f\x68\x78", "dv", "video"),
    (b"\x1f\7\0\xbf\x68\x78", "dv", "video"),
    (b".RMF\0\0\0\x12", "rm", "unsupported"),
    (b"\0\0\0\1\x67\x64\0\x1f", "h26x", "unsupported"),
    (b"DKIF\0\0\x20\0VP80", "ivf", "unsupported"),
    (b"%PDF-1.7", "pdf", "image"),
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
