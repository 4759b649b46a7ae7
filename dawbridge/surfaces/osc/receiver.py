"""What an OSC datagram does, whichever transport brought it; and what dawbridge's other parts did meanwhile."""

import logging
from collections.abc import Callable

from dawbridge.commands import CODES, EVENTS, Value, only_outgoing
from dawbridge.errors import DawbridgeError, did_you_mean
from dawbridge.events import Event, MidiEvent, PresetLoaded
from dawbridge.knobs.parameters import PARAMETERS, Changes
from dawbridge.mailbox import Mailbox
from dawbridge.surfaces.arguments import Refused
from dawbridge.surfaces.dispatch import Dispatcher
from dawbridge.surfaces.osc.codec import Malformed, Message, decode, encode
from dawbridge.surfaces.osc.events import OscEvents, messages, source_of
from dawbridge.surfaces.osc.flood import PATTERN_COST, Budget, ErrorLimit, FloodGauge
from dawbridge.surfaces.osc.patterns import is_pattern
from dawbridge.surfaces.osc.session import Desk, Session
from dawbridge.surfaces.osc.subscribers import Address
from dawbridge.surfaces.overview import News

_LOG = logging.getLogger(__name__)
_HINT_EVERY_S = 0.1
_ONLY_OUTGOING = only_outgoing()
_TOLD_AS_EVENTS = {row.address for row in EVENTS}


class OscReceiver:
    """Used from the server's thread alone."""

    def __init__(
        self,
        desk: Desk,
        dispatcher: Dispatcher,
        turned: Mailbox[Changes],
        happened: Mailbox[Event],
        clock: Callable[[], float],
        notice: Callable[[str], None],
    ) -> None:
        """`turned` and `happened` have what subscribers are told of; `notice` is given a line for the user; `clock`
        counts seconds.
        """
        self._desk, self._dispatcher, self._clock = desk, dispatcher, clock
        self._turned, self._happened = turned, happened
        self._knobs, self._subscribers = desk.knobs, desk.subscribers
        self._events = OscEvents(self._subscribers)
        self._flood, self._errors = FloodGauge(notice), ErrorLimit()
        self._asker: Address | None = None
        self._next_hint_s = float("-inf")
        self._is_unheard = False
        """Whether nobody was there to be told when `settle` was last called."""
        self._is_news_old = False
        """Whether values may have changed that nobody was there to be told of."""
        self._news = News(lambda: dispatcher.state(only_states=True))

    def greet(self, version: str) -> None:
        """Queue the start, and every value, for the permanent subscriber."""
        self._subscribers.event("/dawbridge/startup", (version,))
        for name in PARAMETERS:
            self._subscribers.changed(name, None, self._clock())

    def close(self) -> None:
        """Stop listening to the bus and the store."""
        self._turned.close()
        self._happened.close()

    def obey(self, datagram: bytes, source: Address) -> None:
        """Set together what one datagram sets: ahead of each command, and at its end. Never raises."""
        if self._is_news_old:  # who subscribes with this is told only what changes from now on
            self._news.take()
            self._is_news_old = False
        session, budget = Session(self._desk, source, self._clock()), Budget()
        self._flood.count(source, session.now_s)
        self._subscribers.heard(source, session.now_s)
        for message in decode(datagram):
            self.guard(session, message.address, lambda message=message: self._obey(session, message, budget))  # type: ignore[misc]
            if budget.is_spent:
                break
        self.guard(session, "", lambda: self._apply(session))

    def guard(self, session: Session, address: str, action: Callable[[], None]) -> None:
        """Run `action`; no message, however odd, ends the server: its sender is told what was wrong."""
        try:
            action()
        except DawbridgeError as error:
            self._complain(session, address, error.code if error.code in CODES else "internal", str(error))
        except Exception as error:
            _LOG.exception("OSC %s from %s:%d", address[:200], *session.source)
            self._complain(session, address, "internal", f"{type(error).__name__}; the log has more")

    def settle(self) -> None:
        """Queue for the subscribers what was heard since."""
        now_s, turned, happened = self._clock(), self._turned.drain(), self._happened.drain()
        self._is_unheard = self._subscribers.is_empty
        if self._is_unheard:
            turned, happened = [], [event for event in happened if isinstance(event, MidiEvent)]
        for change in (change for batch in turned for change in batch):
            if change.changed:
                self._subscribers.changed(change.name, source_of(change.origin), now_s)
        for event in happened:
            if isinstance(event, PresetLoaded):
                for name in PARAMETERS:
                    self._subscribers.changed(name, None, now_s)
            self._events.tell(event, now_s, self._told(event))

    def report(self) -> None:
        """Queue for the subscribers what else is other than before, after `settle`."""
        if self._is_unheard:
            self._is_news_old = True
            return
        for address, values in self._news.take().items():
            if address not in _TOLD_AS_EVENTS:
                self._subscribers.event(address, values, key=(address,))

    def _obey(self, session: Session, message: Message | Malformed, budget: Budget) -> None:
        address = session.address = message.address
        if address in _ONLY_OUTGOING:
            return
        if isinstance(message, Malformed):
            raise Refused("bad_args", message.reason)
        row = self._dispatcher.find(address)
        budget.spend(row.cost if row else PATTERN_COST if is_pattern(address) else 1)
        if row:
            self._apply(session)
            if row.asks:
                self._asker = session.source
            self._dispatcher.obey(row, address, message.arguments, session)
            return
        self._turn_knobs(session, address, message.arguments)

    def _turn_knobs(self, session: Session, address: str, arguments: tuple[object, ...]) -> None:
        """Obey a parameter's address, or a pattern that fits several."""

        def is_echo(name: str, position: float) -> bool:
            return self._subscribers.is_echo(session.source, name, position, session.now_s)

        def turn(one: str) -> None:
            self._knobs.handle(one, arguments, session.reply, session.origin, is_echo)

        found = [address] if self._knobs.knows(address) else self._matching(address)
        if not found:
            raise Refused("unknown_address", f"nothing listens at this address{self._hint(address, session.now_s)}")
        for one in found:
            self.guard(session, one, lambda one=one: turn(one))  # type: ignore[misc]

    def _matching(self, address: str) -> list[str]:
        return self._knobs.matching(address) if is_pattern(address) else []

    def _apply(self, session: Session) -> None:
        self._knobs.apply(session.origin, session.reply)
        self.settle()

    def _hint(self, address: str, now_s: float) -> str:
        """The nearest address. Finding it takes a millisecond, so a flood of nonsense is answered without."""
        if now_s < self._next_hint_s or len(address) > 80:
            return ""
        self._next_hint_s = now_s + _HINT_EVERY_S
        known = (*(row.address for row in PARAMETERS.values()), *(row.address for row in self._dispatcher.commands))
        return did_you_mean(address, known)

    def _complain(self, session: Session, address: str, code: str, message: str) -> None:
        """Report an error to the sender at once, and to the subscribers with the next flush."""
        _LOG.debug("OSC %s from %s:%d: %s: %s", address[:200], *session.source, code, message)
        missed = self._errors.passes(session.source, session.now_s)
        if missed is None:
            return
        more = f" ({missed} more errors before this one were not sent)" if missed else ""
        values: tuple[Value, ...] = (address[:200], code, message[:500] + more)
        session.reply("/dawbridge/error", values)
        told = self._subscribers.targets(session.source)
        self._subscribers.event("/dawbridge/error", values, key=("error", address[:200], code), but=told)

    def _told(self, event: Event) -> tuple[Address, ...]:
        """Who is not told of an event with the others: its origin; and who asked MIDI for it, who is told here."""
        source = source_of(getattr(event, "origin", ""))
        if isinstance(event, MidiEvent) and self._asker:
            source = self._asker
            for row, values in messages(event):
                self._desk.answer((encode(row.address, values),), source)
        return self._subscribers.targets(source) if source else ()
