"""Where the DAW's playhead is, as MIDI tells it. Pure: messages in, positions out, the caller says what time it is.

Two ways, after the MIDI 1.0 detailed specification and its MTC supplement: clock (24 a beat) with start, continue,
stop and song position pointer; and MIDI time code, eight quarter frames, forwards or backwards, or one full frame. Song
position 0, and time code 0, are the bounce's start; whoever keeps the position may move the time code's zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

CLOCKS_A_BEAT = 24
CLOCKS_A_SIXTEENTH = 6
START_BEATS_A_MINUTE = 120.0
"""Taken for a song position pointer that comes before any clock."""
SILENCE_S = 0.5
"""A gap this long between two clocks is no tempo (below 5 beats a minute)."""
FIRST_CLOCKS, MEASURED_CLOCKS = 6, 96
"""After so many clocks a new tempo is known, and after so many exactly: a song position counts by it then."""
OTHER_TEMPO = 0.05
"""A tempo that differs this much from the one that a song position was counted by is a new one."""

_FULL_FRAME = (0xF0, 0x7F, 0x01, 0x01)
_SMOOTHING = 0.1
_FRAME_S = (1 / 24, 1 / 25, 1001 / 30000, 1 / 30)
_FRAMES = (24, 25, 30, 30)
"""Numbers of frames in a second, by the rate that time code names."""
_DROP = 2
_PIECES = 8


@dataclass(frozen=True, slots=True)
class Position:
    """The playhead: seconds from the start, and whether it moves."""

    seconds: float
    playing: bool
    is_timecode: bool = False
    backwards: bool = False


def timecode_s(rate: int, hours: int, minutes: int, seconds: int, frames: int) -> float:
    """MTC's numbers in seconds. `rate`: 0: 24, 1: 25, 2: 29.97 drop frame, 3: 30 frames a second.

    Drop frame leaves out the numbers 0 and 1 of each minute but every tenth. MTC has no rates of their own for 23.976
    and 29.97 without drop frame: they come as 24 and 30, and are read so.
    """
    if rate != _DROP:
        return hours * 3600 + minutes * 60 + seconds + frames * _FRAME_S[rate]
    whole_minutes = hours * 60 + minutes
    count = (whole_minutes * 60 + seconds) * 30 + frames - 2 * (whole_minutes - whole_minutes // 10)
    return count * _FRAME_S[_DROP]


class PositionDecoder:
    """One port's clock and time code. One for each port."""

    def __init__(self) -> None:
        self._clock_s = 60 / START_BEATS_A_MINUTE / CLOCKS_A_BEAT
        self._last_clock_s = float("-inf")
        self._clocks = 0
        self._seconds = 0.0
        self._running = False
        self._heard, self._known = 0, False
        self._pointer: int | None = None
        self._pointed: list[float] = []
        self._nibbles = [0] * _PIECES
        self._piece, self._piece_s = 0, float("-inf")
        self._in_order, self._direction = 0, 1

    def feed(self, message: Sequence[int], now_s: float) -> Position | None:
        """One whole message, arrived at `now_s`; the new position, where it tells one."""
        if not message:
            return None
        match message[0]:
            case 0xF8:
                return self._clock(now_s)
            case 0xFA:
                self._pointer = None
                return self._go(0.0, now_s)
            case 0xFB:
                return self._go(self._seconds, now_s)
            case 0xFC:
                self._running = False
                self._pointer = None if self._pointed else self._pointer
                return Position(self._seconds, False)
            case 0xF2 if len(message) == 3:
                self._pointer, self._pointed = (message[1] | message[2] << 7) * CLOCKS_A_SIXTEENTH, []
                self._seconds = self._pointer * self._clock_s
                return Position(self._seconds, self._running)
            case 0xF1 if len(message) == 2:
                return self._quarter(message[1], now_s)
            case 0xF0 if len(message) == 10 and (message[0], message[1], *message[3:5]) == _FULL_FRAME:
                return _timecode(message[5:9], playing=False)
        return None

    def _go(self, seconds: float, now_s: float) -> Position:
        """The first clock after it is the start itself."""
        self._seconds, self._running, self._clocks = seconds, True, 0
        return Position(seconds, True)

    def _clock(self, now_s: float) -> Position | None:
        """Time as it really passed between the clocks, so that a change of tempo costs nothing."""
        passed_s, self._last_clock_s = now_s - self._last_clock_s, now_s
        if passed_s < SILENCE_S:
            self._clock_s += _SMOOTHING * (passed_s - self._clock_s)
            self._heard += 1
            self._known = self._known or self._heard >= MEASURED_CLOCKS
        else:
            self._heard, self._known = 0, False
            self._pointer = None if self._pointed else self._pointer
        if not self._running:
            return None
        self._clocks += 1
        if self._clocks > 1:
            self._seconds += passed_s if passed_s < SILENCE_S else self._clock_s
        if self._pointer:
            self._count_again(self._pointer, now_s)
        return Position(self._seconds, True)

    def _count_again(self, pointer: int, now_s: float) -> None:
        """Correct a song position, in clocks, that came before the first clock of the tempo that it belongs to."""
        self._pointed.append(now_s)
        count = len(self._pointed) - 1
        if count < FIRST_CLOCKS:
            return
        clock_s = (now_s - self._pointed[0]) / count
        if count == FIRST_CLOCKS and abs(clock_s / self._clock_s - 1) <= OTHER_TEMPO and self._known:
            self._pointer = None
            return
        self._known, self._clock_s = True, clock_s
        self._seconds = pointer * clock_s + now_s - self._pointed[0]
        if count >= MEASURED_CLOCKS:
            self._pointer = None

    def _quarter(self, data: int, now_s: float) -> Position | None:
        """Eight pieces in order make a time.

        ```
        forwards   0 1 2 3 4 5 6 7    the time is that of piece 0: two frames ago when the last one comes
        backwards  7 6 5 4 3 2 1 0    the time is now
        ```
        """
        piece, gap_s, self._piece_s = data >> 4 & 7, now_s - self._piece_s, now_s
        step, self._piece = (piece - self._piece) % _PIECES, piece
        direction = {1: 1, _PIECES - 1: -1}.get(step, 0)
        if gap_s >= SILENCE_S or (step and not direction):
            self._in_order = 1
        elif direction:  # the same piece twice is passed over
            self._in_order = self._in_order + 1 if direction == self._direction else 2
            self._direction = direction
        self._nibbles[piece] = data & 15
        if self._in_order < _PIECES or piece != (_PIECES - 1 if self._direction > 0 else 0):
            return None
        n = self._nibbles
        whole = [n[7] << 4 | n[6], n[5] << 4 | n[4], n[3] << 4 | n[2], n[1] << 4 | n[0]]
        found = _timecode(whole, playing=True)
        if found is None or self._direction < 0:
            return found and replace(found, backwards=True)
        return replace(found, seconds=found.seconds + 2 * _FRAME_S[n[7] >> 1 & 3])


def _timecode(data: Sequence[int], *, playing: bool) -> Position | None:
    """Hours (with the rate in bits 5 and 6), minutes, seconds, frames; nothing where they cannot be."""
    rate, hours, (minutes, seconds, frames) = data[0] >> 5 & 3, data[0] & 31, data[1:4]
    if hours > 23 or minutes > 59 or seconds > 59 or frames >= _FRAMES[rate]:
        return None
    return Position(timecode_s(rate, hours, minutes, seconds, frames), playing, is_timecode=True)
