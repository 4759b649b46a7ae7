"""Two 7-bit halves that make one 14-bit value, from senders that each do it in their own way. Pure.

```
upper first         64, 5   64, 9   65, 2     each pair a value; the halves may be many milliseconds apart
upper when it changes   64, 5   9   65, 2     a lower half alone belongs to the upper one before
lower first         5, 64   9, 64             known from what comes first after a rest
upper only          64   65   66              7 bits: 127 alone is the whole way up
```
"""

from dataclasses import dataclass

from dawbridge.surfaces.midi.events import TOP_14, Control, ControlEvent, Moved

PAIR_WAIT_S = 0.1
"""How long one half waits for the other, in seconds. A sender of both halves never needs it all."""
REST_S = 0.3
"""A control that sent nothing for this long begins with a pair's first half."""
_COARSE_AFTER = 2


@dataclass(slots=True)
class Halves:
    """One control's halves on their way to a value. No value is made of halves that were not sent together."""

    control: Control
    msb: int | None = None
    lsb: int | None = None
    """A half that waits."""
    deadline_s: float = float("inf")
    """Until when it waits."""
    _last_msb: int | None = None
    _last_lsb: int | None = None
    _is_lsb_first: bool | None = None
    """Which half the sender begins with; None as long as it is not known."""
    _began_with_lsb: bool = False
    _msbs_alone: int = 0
    _last_s: float = float("-inf")

    def put_msb(self, value: int, now_s: float) -> list[ControlEvent]:
        """The upper half came."""
        self._note(now_s, is_lsb=False)
        if self.lsb is not None:
            self._is_lsb_first = True
            return self._moved(value, self.lsb)
        if self._is_lsb_first:
            return self._moved(value, self._last_lsb or 0)
        self._is_lsb_first = False
        before = self._msb_alone() if self.msb is not None else []
        if self._msbs_alone >= _COARSE_AFTER:
            return [*before, *self._coarse(value)]
        self.msb, self.deadline_s = value, now_s + PAIR_WAIT_S
        return before

    def put_lsb(self, value: int, now_s: float) -> list[ControlEvent]:
        """The lower half came."""
        self._note(now_s, is_lsb=True)
        self._msbs_alone = 0
        if self.msb is not None:
            return self._moved(self.msb, value)
        if self._is_lsb_first is False:
            return self._moved(self._last_msb, value)
        before = self._moved(self._last_msb, self.lsb) if self.lsb is not None else []
        self.lsb, self.deadline_s = value, now_s + PAIR_WAIT_S
        return before

    def flush(self) -> list[ControlEvent]:
        """The other half does not come: make of the one what can be made."""
        if self.msb is not None:
            if self._began_with_lsb:  # the order was not what it seemed to be
                self._is_lsb_first = True
            self._msbs_alone = _COARSE_AFTER
            return self._msb_alone()
        return self._moved(self._last_msb, self.lsb)

    def _note(self, now_s: float, *, is_lsb: bool) -> None:
        if now_s - self._last_s >= REST_S:
            self._began_with_lsb = is_lsb
        self._last_s = now_s

    def _msb_alone(self) -> list[ControlEvent]:
        msb = self.msb
        assert msb is not None  # asked only then
        self._msbs_alone += 1
        return self._coarse(msb) if self._last_lsb is None else self._moved(msb, self._last_lsb)

    def _coarse(self, msb: int) -> list[ControlEvent]:
        """A value of 7 bits, spread over the whole range."""
        self.msb, self.deadline_s = None, float("inf")
        self._last_msb = msb
        return [Moved(self.control, msb << 7 | msb, TOP_14)]

    def _moved(self, msb: int | None, lsb: int | None) -> list[ControlEvent]:
        self.msb, self.lsb, self.deadline_s = None, None, float("inf")
        self._last_msb, self._last_lsb = msb, lsb
        if msb is None or lsb is None:
            return []
        return [Moved(self.control, msb << 7 | lsb, TOP_14)]
