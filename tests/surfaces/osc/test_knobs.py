"""The parameters' addresses over a real socket."""

import math
import struct

import pytest
from pythonosc.osc_bundle import OscBundle

from dawbridge.knobs.parameters import TABLE, Curve
from tests.listening import Heard

STRENGTH, GAIN = "/dawbridge/mask/strength", "/dawbridge/acapella/gain"


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_every_parameter_round_trips(rig, client, row):
    position = {Curve.SWITCH: 1.0, Curve.STEPS: 2 / (row.high - row.low)}.get(row.curve, 0.25)
    client.send(row.address, position)
    assert client.ask(row.address) == [(row.address, (pytest.approx(position, abs=1e-6),))]
    assert rig.store.normalized(row.name) == pytest.approx(position)
    (_, (raw,)), (_, (text,)) = client.ask(row.address + "/raw") + client.ask(row.address + "/str")
    assert raw == pytest.approx(rig.store.get(row.name), rel=1e-6)
    assert text == row.display(rig.store.get(row.name))
    client.send(row.address + "/raw", float(row.high))
    assert client.ask(row.address) == [(row.address, (1.0,))]


@pytest.mark.parametrize(
    ("argument", "tag", "position"),
    [
        (1, "i", 1.0), (0.5, "f", 0.5), ("0.5", "s", 0.5), (True, "T", 1.0), (False, "F", 0.0),
        (0.25, "d", 0.25), (1, "h", 1.0), (" 0.5 ", "s", 0.5),
    ],
)  # fmt: skip
def test_numbers_come_in_many_types(rig, client, argument, tag, position):
    assert client.ask("/dawbridge/mask/contrast", argument, tags=tag) == []
    assert rig.store.get("mask_contrast") == position


def test_only_i_f_and_s_go_out(client):
    for command in ("dump", "ping", "preset/list"):
        client.send("/dawbridge/" + command)
    client.send("/dawbridge/sync", 1)
    tags, datagram = b"", b""
    while b"/dawbridge/synced" not in datagram:
        datagram = client.datagram()
        elements = [part.dgram for part in OscBundle(datagram)] if datagram.startswith(b"#") else [datagram]
        tags += b"".join(element.split(b"\0,")[1].split(b"\0")[0] for element in elements)
    assert set(tags) == set(b"ifs")


@pytest.mark.parametrize(("given", "stands"), [(1.5, 1.0), (-3, 0.0)])
def test_outside_the_range_is_clamped_and_said(rig, client, given, stands):
    client.send(STRENGTH, 0.5)
    (error, *values) = client.ask(STRENGTH, given)
    assert error[0] == "/dawbridge/error"
    assert error[1][:2] == (STRENGTH, "bad_args")
    assert values[0] == (STRENGTH, (stands,))
    assert rig.store.get("mask_strength") == stands


def test_decibels_sent_to_a_faders_address_are_told_where_they_belong(client):
    ((_, (_, _, text)), *_) = client.ask(GAIN, -12.0)
    assert "0..1 here" in text
    assert f"dB at {GAIN}/raw" in text


def test_raw_out_of_range_is_clamped_and_echoed(rig, client):
    assert client.ask(GAIN + "/raw", 40.0) == [(GAIN, (1.0,)), (GAIN + "/raw", (6.0,)), (GAIN + "/str", ("6.0 dB",))]
    assert client.ask(GAIN + "/raw", -12.0) == []
    assert rig.store.get("acapella_gain") == -12.0


def test_an_endless_encoder_steps_and_is_told_where_it_came(rig, client):
    client.send(STRENGTH, 0.5)
    assert client.ask(STRENGTH + "/delta", -0.25)[0] == (STRENGTH, (0.25,))
    assert client.ask(STRENGTH + "/delta", -1.0)[0] == (STRENGTH, (0.0,))
    client.raw(client.bundle(*[client.message(STRENGTH + "/delta", 0.125)] * 4))  # four ticks in one bundle
    assert client.synced()[0] == (STRENGTH, (0.5,))
    client.send("/dawbridge/live/enable/delta", -0.01)
    client.synced()
    assert rig.store.get("live_enable") == 0.0


def test_text_is_read_only(client):
    assert client.refused(STRENGTH + "/str", "half") == "read_only"


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, "nan", "1e999"])
def test_what_is_not_finite_is_refused(rig, client, bad):
    for face in ("", "/raw", "/delta"):
        assert client.refused(STRENGTH + face, bad) == "not_finite"
    assert rig.store.get("mask_strength") == 1.0


@pytest.mark.parametrize(("arguments", "tags"), [((0.1, 0.2), "ff"), (("loud",), "s"), ((b"\1\2",), "b"), (("",), "s")])
def test_what_is_no_number_is_refused(rig, client, arguments, tags):
    assert client.refused(STRENGTH, *arguments, tags=tags) == "bad_args"
    assert rig.store.get("mask_strength") == 1.0


def test_delta_wants_a_step(client):
    assert client.refused(STRENGTH + "/delta") == "bad_args"


def test_a_near_miss_is_told_what_was_meant(client):
    ((_, (where, code, text)),) = client.ask("/dawbridge/mask/strenght", 0.5)
    assert (where, code) == ("/dawbridge/mask/strenght", "unknown_address")
    assert "'/dawbridge/mask/strength'" in text


@pytest.mark.parametrize(
    "address", ["/", "/dawbridge", "/dawbridge//gain", "/other/program", "/dawbridge/mask/strength/"]
)
def test_unknown_addresses(client, address):
    assert client.refused(address, 0.5) == "unknown_address"


def test_a_pattern_reaches_all_it_fits_and_no_command(rig, client):
    assert client.ask("/dawbridge/*/gain", 0.0) == []
    assert rig.store.get("acapella_gain") == rig.store.get("instrumental_gain") == -60.0
    assert rig.store.get("mask_strength") == 1.0
    queried = client.ask("/dawbridge/{acapella,instrumental}/[g]ai?")
    assert queried == [(GAIN, (0.0,)), ("/dawbridge/instrumental/gain", (0.0,))]
    assert client.refused("/dawbridge/d?mp") == "unknown_address"


def test_a_pattern_that_would_be_slow_is_not(client):
    assert client.refused("/dawbridge/" + "*a" * 90, 0.5) == "unknown_address"


def test_a_bundle_is_applied_at_once_and_together(rig, client):
    heard = Heard(rig.store.mailbox())
    future = 2**63
    inner = client.bundle(client.message("/dawbridge/mask/depth", 0.5), time=future)
    client.raw(client.bundle(client.message(STRENGTH, 0.5), inner, client.message(GAIN + "/raw", -6.0), time=future))
    assert client.synced() == []
    assert [[change.name for change in batch] for batch in heard] == [["mask_strength", "mask_depth", "acapella_gain"]]


def test_a_bad_message_in_a_bundle_stops_none_of_the_others(rig, client):
    sent = ((STRENGTH, 0.5), (GAIN, "x"), ("/no", 1), ("/dawbridge/mask/depth", 0.5))
    client.raw(client.bundle(*(client.message(*each) for each in sent)))
    assert [values[:2] for _, values in client.synced()] == [(GAIN, "bad_args"), ("/no", "unknown_address")]
    assert (rig.store.get("mask_strength"), rig.store.get("mask_depth")) == (0.5, 0.5)


def test_a_query_in_a_bundle_hears_what_was_set_before_it(client):
    client.raw(client.bundle(client.message(STRENGTH, 0.5), client.message(STRENGTH), client.message(STRENGTH, 0.25)))
    assert client.synced() == [(STRENGTH, (0.5,))]


@pytest.mark.parametrize(
    ("datagram", "address"),
    [
        (b"/dawbridge/mask/strength\0\0\0\0,cf\0\0\0\0c" + struct.pack(">f", 0.5), STRENGTH),
        (b"/dawbridge/mask/strength\0\0\0\0,S\0\0abc\0", STRENGTH),
        (b"/dawbridge/mask/strength\0\0\0\0,f\0\0", STRENGTH),
        (b"/dawbridge/mask/strength\0\0\0\0,ff\0" + struct.pack(">f", 0.5), STRENGTH),
        (b"/dawbridge/mask/strength\0\0\0\0,b\0\0\xff\xff\xff\xff", STRENGTH),
        (b"/dawbridge/mask/strength\0\0\0\0f\0\0\0" + struct.pack(">f", 0.5), STRENGTH),
        (b"/dawbridge/mask/strength\0\0\0\0,f\0\0" + b"\x3f", STRENGTH),
        (b"/dawbridge/mask/strength\0\0\0\0," + b"f" * 99 + bytes(400), STRENGTH),
        (b"/dawbridge/mask/strength", STRENGTH),
        (b"hello", ""),
        (b"", ""),
        (b"#bundle\0" + bytes(8) + b"\0\0\0\xff/x\0\0", ""),
        (b"#bundle\0" + bytes(8) + b"\0\0\0\0", ""),
    ],
)
def test_what_cannot_be_read_is_said(rig, client, datagram, address):
    client.raw(datagram)
    assert client.error() == (address, "bad_args")
    assert rig.store.get("mask_strength") == 1.0


def test_what_sclang_and_chataigne_send(rig, client):
    """A symbol is a text, nil is false, and an impulse is a message without arguments: a query, or a press."""
    assert client.ask(STRENGTH, None, tags="N") == []
    assert rig.store.get("mask_strength") == 0.0
    client.raw(b"/dawbridge/mask/strength\0\0\0\0,S\0\0000.5\0")
    client.raw(b"/dawbridge/mask/strength\0\0\0\0,I\0\0")
    assert client.synced() == [(STRENGTH, (0.5,))]
    client.raw(b"/dawbridge/preset/next\0\0,I\0\0")
    client.raw(b"/dawbridge/preset/next\0\0,N\0\0")  # a button's release
    client.synced()
    assert rig.deck.index == 1


def test_no_tag_string_at_all_is_a_query(client):
    client.raw(b"/dawbridge/mask/strength\0\0\0\0")
    assert client.synced() == [(STRENGTH, (1.0,))]


def test_nine_kilobytes(rig, client):
    client.raw(client.bundle(*[client.message(STRENGTH, step / 256) for step in range(225)]))
    assert client.synced() == []
    assert rig.store.get("mask_strength") == 224 / 256
    assert client.refused(STRENGTH, "x" * 9000) == "bad_args"
    assert client.refused("/dawbridge/job/submit", f"{rig.root}/{'x' * 9000}") == "path_not_allowed"


def test_bundles_nested_without_end(client):
    datagram = client.message(STRENGTH, 0.5)
    for _ in range(1000):
        datagram = client.bundle(datagram)
    client.raw(datagram)
    assert client.error() == ("", "bad_args")


def test_a_step_of_a_whole_number_gets_somewhere_however_small(rig, client):
    for step, value in ((0.01, 2.0), (0.01, 3.0), (-0.01, 2.0), (1.0, 8.0), (0.01, 8.0)):
        client.ask("/dawbridge/analysis/shifts/delta", step)
        assert rig.store.get("shifts") == value
