import math
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawbridge.errors import NotFiniteError, UnknownParameterError
from dawbridge.knobs.parameters import (
    DEFAULTS,
    PARAMETERS,
    TABLE,
    Change,
    Curve,
    ParameterStore,
    Stage,
    complete,
    parameter,
    stage_values,
)
from tests.listening import Heard

every = pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
rows = st.sampled_from(TABLE)
unit = st.floats(0, 1)
NOT_NUMBERS = [math.nan, math.inf, -math.inf, "loud", None, [1], 10**400]


@pytest.fixture
def store():
    return ParameterStore()


@pytest.fixture
def heard(store):
    return Heard(store.mailbox())


class TestTable:
    @every
    def test_rows_are_sound(self, row):
        assert row.low < row.high
        assert row.low <= row.default <= row.high
        assert row.address == {"shifts": "/dawbridge/analysis/shifts"}.get(
            row.name, "/dawbridge/" + row.name.replace("_", "/", 1)
        )
        assert row.help
        assert row.off is None or row.low <= row.off <= row.high
        assert row.curve is not Curve.LOG or row.low > 0

    def test_names_and_addresses_are_unique(self):
        assert len({row.name for row in TABLE}) == len({row.address for row in TABLE}) == len(TABLE) == len(PARAMETERS)

    @pytest.mark.parametrize(
        "name, allowed",
        [("mask_floor", "-80..0 dB"), ("mask_depth", "0..1"), ("live_enable", "0 or 1"), ("shifts", "1..8, whole")],
    )
    def test_the_range_in_words(self, name, allowed):
        assert parameter(name).allowed == allowed

    @pytest.mark.parametrize(
        "name, value, text",
        [
            ("acapella_gain", -12, "-12.0 dB"), ("band_low", 80.2, "80 Hz"), ("band_low", 20.0, "off"),
            ("mask_floor", -80, "off"), ("mask_depth", 0.5, "0.50"),
            ("shifts", 1, "off"), ("shifts", 3, "3"),
            ("watch_enable", 1, "on"), ("watch_enable", 0, "off"),
        ],
    )  # fmt: skip
    def test_display(self, name, value, text):
        assert parameter(name).display(value) == text

    def test_an_unknown_name_gets_a_suggestion(self):
        with pytest.raises(UnknownParameterError, match="'mask_dept'; did you mean 'mask_depth'"):
            parameter("mask_dept")


class TestScaling:
    @given(rows, unit)
    def test_position_to_value_and_back(self, row, position):
        value = row.denormalize(position)
        assert row.low <= value <= row.high
        expected = float(position >= 0.5) if row.curve is Curve.SWITCH else position
        half_a_step = 0.5 / (row.high - row.low) if row.curve is Curve.STEPS else 0
        assert row.normalize(value) == pytest.approx(expected, abs=1e-9 + half_a_step)

    @given(rows, unit)
    def test_value_to_position_and_back(self, row, place):
        value = row.clamp(row.low + place * (row.high - row.low))
        position = row.normalize(value)
        assert 0 <= position <= 1
        assert row.denormalize(position) == pytest.approx(value, rel=1e-9, abs=1e-9)

    @every
    def test_the_ends_are_exact(self, row):
        assert (row.denormalize(0), row.denormalize(1)) == (row.low, row.high)
        assert (row.normalize(row.low), row.normalize(row.high)) == (0, 1)

    @given(rows, unit, unit)
    def test_a_knob_turned_up_never_lowers_the_value(self, row, one, other):
        low, high = sorted((one, other))
        assert row.denormalize(low) <= row.denormalize(high)

    @pytest.mark.parametrize("name, middle", [("band_low", 100), ("band_high", math.sqrt(2000 * 24000))])
    def test_the_middle_of_a_log_knob_is_the_geometric_mean(self, name, middle):
        assert parameter(name).denormalize(0.5) == pytest.approx(middle)

    @pytest.mark.parametrize("position, value", [(0, 0), (0.49, 0), (0.5, 1), (1, 1)])
    def test_switches(self, position, value):
        row = parameter("live_enable")
        assert row.denormalize(position) == row.clamp(position) == value

    @given(rows, st.floats(allow_nan=False, allow_infinity=False))
    def test_clamp(self, row, value):
        clamped = row.clamp(value)
        assert row.low <= clamped <= row.high
        assert row.clamp(clamped) == clamped
        if row.curve is Curve.STEPS and row.low <= value <= row.high:
            assert clamped == int(clamped)
            assert abs(clamped - value) <= 0.5
        elif row.curve is not Curve.SWITCH and row.low <= value <= row.high:
            assert clamped == value

    @every
    @pytest.mark.parametrize("value", NOT_NUMBERS, ids=lambda value: str(value)[:9])
    def test_what_is_no_finite_number_is_refused(self, row, value):
        for refuse in (row.clamp, row.normalize, row.denormalize):
            with pytest.raises(NotFiniteError, match=row.name):
                refuse(value)


@pytest.mark.parametrize(
    ("name", "here", "step", "there"),
    [
        ("mask_depth", 0.5, 0.01, 0.51), ("live_enable", 0, 0.01, 1), ("live_enable", 1, -0.01, 0),
        ("live_enable", 1, 0, 1), ("shifts", 0, 0.01, 1 / 7), ("shifts", 3 / 7, -0.01, 2 / 7), ("shifts", 0, 0.5, 0.5),
    ],
)  # fmt: skip
def test_a_turn_of_an_encoder_gets_somewhere(name, here, step, there):
    assert parameter(name).turned(here, step) == pytest.approx(there)


class TestStore:
    def test_starts_with_the_defaults_and_what_it_is_given(self, store):
        assert store.snapshot() == DEFAULTS
        assert ParameterStore({"mask_depth": 7}).snapshot() == {**DEFAULTS, "mask_depth": 1}

    def test_set_tells_value_previous_and_origin(self, store, heard):
        change = store.set("mask_depth", 0.25, "osc:here")
        assert change == Change("mask_depth", 0.25, 1.0, "osc:here", False)
        assert heard == [(change,)]
        assert store.get("mask_depth") == 0.25

    def test_clamped_is_said(self, store):
        assert store.set("acapella_gain", 99, "cli") == Change("acapella_gain", 6, 0, "cli", True)
        assert store.set_normalized("acapella_gain", -3, "cli") == Change("acapella_gain", -60, 6, "cli", True)
        assert not store.set_normalized("acapella_gain", 1, "cli").clamped

    def test_the_same_value_is_told_but_is_no_change(self, store, heard):
        assert not store.set("mask_depth", 1, "cli").changed
        assert len(heard) == 1

    @given(rows, unit)
    def test_normalized(self, row, position):
        store = ParameterStore()
        store.set_normalized(row.name, position, "midi")
        assert store.get(row.name) == row.denormalize(position)
        assert store.normalized(row.name) == row.normalize(row.denormalize(position))

    def test_an_update_is_one_batch(self, store, heard):
        store.update({"mask_depth": 0.5, "mask_floor": -200}, "preset:x")
        ((first, second),) = heard
        assert (first.name, first.value, second.value, second.clamped) == ("mask_depth", 0.5, -80, True)

    def test_an_empty_update_is_not_told(self, store, heard):
        assert store.update({}, "preset:x") == ()
        assert heard == []

    @pytest.mark.parametrize(
        "wrong, error", [({"mask_depht": 1}, UnknownParameterError), ({"mask_floor": math.nan}, NotFiniteError)]
    )
    def test_nothing_is_set_when_one_is_refused(self, store, heard, wrong, error):
        with pytest.raises(error):
            store.update({"mask_depth": 0.5, **wrong, "mask_contrast": 0.1}, "osc")
        assert store.snapshot() == DEFAULTS
        assert heard == []

    def test_a_closed_mailbox_hears_no_more(self, store):
        first, second = store.mailbox(), store.mailbox()
        store.set("mask_depth", 0, "cli")
        second.close()
        store.set("mask_depth", 1, "cli")
        assert (len(first.drain()), len(second.drain())) == (2, 1)

    def test_whoever_is_woken_sees_the_value_and_may_ask_and_set(self, store):
        seen = []

        def wake():
            seen.append(store.get("mask_depth"))
            store.set("mask_contrast", 0.1, "listener")

        box = store.mailbox(wake)
        store.set("mask_depth", 0.3, "cli")
        assert seen == [0.3]
        assert [batch[0].name for batch in box.drain()] == ["mask_depth", "mask_contrast"]

    def test_changes_carry_the_time_of_the_stores_clock(self):
        store = ParameterStore(clock=lambda: 42.0)
        assert store.set("mask_depth", 0.3, "cli").at_s == 42.0

    def test_a_mailbox_that_nobody_drains_keeps_the_last_change_of_each_value(self, store):
        box = store.mailbox(limit=5)
        store.update({"mask_depth": 0.5, "band_low": 100}, "one")
        for step in range(1, 100):
            store.set("mask_strength", step / 100, "two")
        store.set("mask_strength", 0.99, "three")
        changes = [change for batch in box.drain() for change in batch]
        assert {change.name: change.value for change in changes} == {
            "mask_depth": 0.5,
            "band_low": 100,
            "mask_strength": 0.99,
        }
        assert {"mask_depth", "band_low"} <= {change.name for change in changes if change.changed}
        assert len(changes) <= 5 + 3

    def test_a_snapshot_stays_as_it_was(self, store):
        before = store.snapshot()
        store.set("mask_depth", 0, "cli")
        assert before["mask_depth"] == 1
        with pytest.raises(TypeError):
            before["mask_depth"] = 0

    def test_listeners_see_one_history_whatever_the_threads(self, store):
        last = dict(DEFAULTS)
        broken = []
        box = store.mailbox(limit=1000)
        threads = [
            threading.Thread(target=lambda n=n: [store.set("mask_depth", (i * n % 7) / 7, str(n)) for i in range(200)])
            for n in (1, 2, 3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for change in (change for batch in box.drain() for change in batch):
            if change.previous != last[change.name]:
                broken.append(change)
            last[change.name] = change.value
        assert broken == []
        assert last["mask_depth"] == store.get("mask_depth")


def test_complete():
    assert complete({"mask_floor": 5}) == {**DEFAULTS, "mask_floor": 0}
    with pytest.raises(UnknownParameterError):
        complete({"nothing": 1})


def test_stages_share_the_table_out():
    parts = [stage_values(DEFAULTS, stage) for stage in Stage]
    assert sum(map(len, parts)) == len(TABLE)
    assert set(parts[2]) == {"live_enable", "watch_enable"}
