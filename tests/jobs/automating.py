"""The automation of a desk of jobs, as the tests ask for it."""

import mido


class Automations:
    """The automation as OSC asks for it, each answered at once."""

    def __init__(self, desk):
        self._loop, self._ask = desk.loop, desk.rig.ask
        self.transport = desk.loop.recorder.transport

    def place(self, seconds, playing):
        self._loop.turn()  # the clock stands still: what was moved before is heard before
        self._loop.automation.place(seconds, playing)

    def record(self):
        self._ask(self._loop.automation.record())

    def stop(self):
        return self._ask(self._loop.automation.stop())

    def clear(self):
        self._ask(self._loop.automation.clear())

    def undo(self):
        self._ask(self._loop.automation.undo())

    def redo(self):
        self._ask(self._loop.automation.redo())

    def takes(self):
        return self._ask(self._loop.automation.takes())

    def use(self, number):
        return self._ask(self._loop.automation.use_take(number))

    def delete(self, number):
        return self._ask(self._loop.automation.delete_take(number))

    def look(self, _now):
        self._loop.turn()


def move(desk, name, value, after=0.0):
    desk.now += after
    desk.store.set(name, value, "test")


def play(desk, automations, *moves, name="acapella_gain"):
    """Turn a knob at positions that the playhead comes to by playing; one that is not ahead is located."""
    here = float("inf")
    for at, value in moves:
        while here < at - 1e-9:
            step = min(0.5, at - here)
            desk.now, here = desk.now + step, here + step
            automations.place(here, True)
        here = at
        automations.place(at, True)
        move(desk, name, value)


def rendered(desk):
    """The last of the tasks that the engine gets one after the other; all are done but this one."""
    task = desk.task()
    while True:
        desk.finish(task)
        following = desk.task()
        if following is None:
            return task
        task = following


def song(path, value=127):
    track = mido.MidiTrack([mido.Message("control_change", control=22, value=value)])
    mido.MidiFile(tracks=[track]).save(path)


def take(desk, automations, name, *moves):
    automations.record()
    for at, value in moves:
        automations.place(at, False)
        move(desk, name, value)
    automations.stop()
