"""Which loudspeaker each channel is meant for, as containers say it: a bit mask, an ambisonic mark, or Apple's layout.

Sources: Microsoft, WAVEFORMATEXTENSIBLE; Dobson, "Extensible WAVE-EX and B-format" (2000); Apple, AudioChannelLayout in
CoreAudioTypes.h, which CAF calls `chan` and AIFF `CHAN`; RFC 9639, section 8.6.2 (FLAC's channel mask).
"""

import struct
from dataclasses import dataclass

PCM_GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")
"""The last 14 bytes of the identifier of ordinary samples in an extensible header; the first 2 are the encoding."""
AMBISONIC_GUID_TAIL = bytes.fromhex("00002107d3118644c8c1ca000000")
"""The same of ambisonic B-format."""

_BITMAP = 0x10000
"""Apple's layout tag that says: the bitmap counts, and its bits are Microsoft's."""
_MASK_OF_TAG = {
    100 << 16 | 1: 0x4,  # mono
    101 << 16 | 2: 0x3,  # stereo
    108 << 16 | 4: 0x33,  # quadraphonic: L R Ls Rs
    121 << 16 | 6: 0x3F,  # MPEG 5.1 A: L R C LFE Ls Rs
    126 << 16 | 8: 0xFF,  # MPEG 7.1 A: L R C LFE Ls Rs Lc Rc
}
"""Apple's named layouts whose channels come in the order of the mask's bits."""
_FLAC_MASKS = {
    1: (0x4,),
    2: (0x3,),
    3: (0x7,),
    4: (0x33,),
    5: (0x37, 0x607),
    6: (0x3F, 0x60F),
    7: (0x70F,),
    8: (0x63F,),
}
"""What FLAC takes for granted, by channel count."""
FLAC_KEY = "WAVEFORMATEXTENSIBLE_CHANNEL_MASK"


@dataclass(frozen=True, slots=True)
class Speakers:
    """A channel layout. All empty: the file does not say."""

    mask: int | None = None
    """Microsoft's bit mask; 0 means channels without a place."""
    guid_tail: bytes = PCM_GUID_TAIL
    """Identifier in an extensible header, from its third byte: ambisonic B-format has one of its own."""
    apple: bytes = b""
    """An AudioChannelLayout."""

    def as_apple(self) -> bytes:
        """The payload of a `chan` chunk; empty if nothing is known."""
        if self.apple or not self.mask:
            return self.apple
        return struct.pack(">3I", _BITMAP, self.mask, 0)

    def as_mask(self) -> int | None:
        """The mask, from Apple's layout if need be."""
        if self.mask is not None or len(self.apple) < 8:
            return self.mask
        tag, bitmap = struct.unpack_from(">2I", self.apple)
        return bitmap if tag == _BITMAP else _MASK_OF_TAG.get(tag)

    def flac_comment(self, channels: int) -> str:
        """The mask as FLAC's comment has it; empty if it is what FLAC takes for granted."""
        mask = self.as_mask()
        return "" if not mask or mask in _FLAC_MASKS.get(channels, ()) else f"0x{mask:04X}"


def from_format(body: bytes) -> Speakers:
    """From a WAV's `fmt ` payload."""
    if len(body) < 40 or body[:2] != b"\xfe\xff":
        return Speakers()
    tail = AMBISONIC_GUID_TAIL if body[26:40] == AMBISONIC_GUID_TAIL else PCM_GUID_TAIL
    return Speakers(struct.unpack_from("<I", body, 20)[0], tail)


def from_flac_comment(text: str) -> Speakers:
    """From the comment's text, hexadecimal."""
    try:
        return Speakers(int(text, 16) & 0xFFFFFFFF)
    except ValueError:
        return Speakers()
