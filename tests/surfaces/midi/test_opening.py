from dawbridge.surfaces.midi.opening import Opening


class Refusing:
    def __init__(self, times):
        self.times = times

    def __call__(self):
        self.times -= 1
        if self.times >= 0:
            raise OSError("busy")
        return self


def test_waits_grow_and_the_first_refusal_alone_is_told():
    said, port = [], Refusing(6)
    opening = Opening(said.append)
    now, waits = 0.0, []
    while opening.attempt("nano", port, now) is None:
        waits.append(opening.again_at_s - now)
        assert opening.attempt("nano", port, now + waits[-1] / 2) is None
        now = opening.again_at_s
    assert waits == [1, 2, 5, 10, 10, 10]
    assert said == ["MIDI nano cannot be opened: busy; it is tried again"]
    assert opening.again_at_s == float("inf")


def test_a_port_that_went_away_starts_anew():
    said = []
    opening = Opening(said.append)
    opening.attempt("a", Refusing(1), 0.0)
    opening.attempt("b", Refusing(1), 0.0)
    opening.forget_others({"b"})
    assert opening.attempt("a", Refusing(0), 0.0)
    assert opening.attempt("b", Refusing(0), 0.5) is None
