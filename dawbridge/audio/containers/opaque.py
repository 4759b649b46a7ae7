"""Formats that only a decoder can walk: recognised by their first bytes, most of them decoded by ffmpeg alone."""

from dawbridge.audio.containers.base import Blob, ChunkMap, Container

_FFMPEG = {
    b"\x30\x26\xb2\x75": "WMA",
    b"\x1a\x45\xdf\xa3": "Matroska",
    b"MAC ": "Monkey's Audio",
    b"wvpk": "WavPack",
    b"TTA1": "TTA",
    b"ADIF": "AAC",
    b"tBaK": "TAK",
}
_LIBSNDFILE = (b".snd", b"dns.", b"NIST", b"Creative Voice", b" paf", b"fap ")


class Opaque(Container):
    """All of them: none is written, and none tells its end."""

    names = ("OPAQUE",)
    promised_by = (
        ".m4a", ".m4b", ".aac", ".adts", ".wma", ".wv", ".ape", ".tta", ".tak", ".mka", ".weba",
        ".au", ".snd", ".nist", ".sph", ".voc", ".paf", ".fap",
    )  # fmt: skip

    def recognises(self, head: bytes) -> bool:
        """By magic."""
        return bool(ffmpeg_format(head)) or head.startswith(_LIBSNDFILE)

    def walk(self, blob: Blob, base: int, head: bytes) -> ChunkMap:
        """No chunks."""
        return ChunkMap("OPAQUE", (), blob.size, None, head, base)


def ffmpeg_format(head: bytes) -> str:
    """Name of a format that only ffmpeg reads, by a file's first 12 bytes; empty for all else."""
    if head[4:8] == b"ftyp":
        return "MPEG-4"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return "AAC"
    return _FFMPEG.get(head[:4], "")


CONTAINERS = (Opaque(),)
