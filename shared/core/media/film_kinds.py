"""Films that have no single magic number: streams of packets, and containers that hold sound or pictures alike."""

from __future__ import annotations

SYNC = b"G"
PACKET_BYTES = (188, 192, 204)
"""MPEG-TS (ISO/IEC 13818-1); of cameras and Blu-ray, with a clock before each; of receivers, with a checksum behind."""

FEWEST_PACKETS = 3
FEWEST_WHEN_JOINED = 5
"""A recording may begin in the middle of a packet: then more of them must agree."""

OGG_PICTURES = (b"\x80theora", b"BBCD\x00", b"OVP80\x01", b"\x01video\x00\x00\x00")

ASF = b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"
ASF_PICTURES = b"\xc0\xef\x19\xbc\x4d\x5b\xcf\x11\xa8\xfd\x00\x80\x5f\x5c\x44\x2b"
ASF_SOUND = b"\x40\x9e\x69\xf8\x4d\x5b\xcf\x11\xa8\xfd\x00\x80\x5f\x5c\x44\x2b"

MXF_PARTITION = b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01\x02"  # SMPTE ST 377-1, 7.1; a run-in may precede
DV_BLOCK = b"\x1f\x07\x00"  # IEC 61834: the header block of the first DIF sequence
DV_SYSTEMS = (b"\x3f", b"\xbf")  # NTSC, PAL

NOT_READ = {
    b".RMF": "rm",
    b"FWS": "swf",
    b"CWS": "swf",
    b"ZWS": "swf",
    b"\xb7\xd8\x00\x20\x37\x49\xda\x11": "wtv",
    b"\x00\x00\x00\x01\x67": "h26x",
    b"\x00\x00\x00\x01\x27": "h26x",
    b"\x00\x00\x00\x01\x09": "h26x",
    b"\x00\x00\x00\x01\x40\x01": "h26x",
    b"\x00\x00\x00\x01\x46\x01": "h26x",
    b"DKIF": "ivf",
    b"YUV4MPEG2 ": "y4m",
}
"""Films that are named in the refusal."""


def film_format(head: bytes) -> str | None:
    """The format word of kinds.KINDS, or None. Ogg and ASF with sound only have words of their own."""
    if head.startswith(b"OggS"):
        return "ogv" if any(magic in head for magic in OGG_PICTURES) else "ogg"
    if head.startswith(ASF):
        return "wma" if ASF_SOUND in head and ASF_PICTURES not in head and is_whole_asf_header(head) else "asf"
    if MXF_PARTITION in head:
        return "mxf"
    if head.startswith(DV_BLOCK) and head[3:4] in DV_SYSTEMS:
        return "dv"
    if is_transport_stream(head):
        return "ts"
    return next((name for magic, name in NOT_READ.items() if head.startswith(magic)), None)


def is_whole_asf_header(head: bytes) -> bool:
    return int.from_bytes(head[16:24], "little") <= len(head)


def is_transport_stream(head: bytes) -> bool:
    """Whether there are sync bytes at equal distances."""
    return any(
        is_in_sync(head, start, packet, FEWEST_PACKETS if start in {0, packet - 188} else FEWEST_WHEN_JOINED)
        for packet in PACKET_BYTES
        for start in range(packet)
        if head[start : start + 1] == SYNC
    )


def is_in_sync(head: bytes, start: int, packet: int, packets: int) -> bool:
    return head[start : start + packet * packets : packet] == SYNC * packets
