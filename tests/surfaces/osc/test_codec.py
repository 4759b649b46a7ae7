"""OSC bytes in and out, and address patterns."""

import math
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from pythonosc.osc_message import OscMessage

from dawbridge.surfaces.osc.codec import MAX_DATAGRAM_BYTES, Malformed, Message, bundled, cut, decode, encode
from dawbridge.surfaces.osc.patterns import matches

UNHURRIED = settings(deadline=None, max_examples=60)
ADDRESSES = some.from_regex(r"(/[a-z]{1,8}){1,4}", fullmatch=True)
TEXTS = some.text(some.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=40)
VALUES = some.one_of(some.floats(width=32, allow_nan=False), some.integers(-(2**31), 2**31 - 1), TEXTS)


@UNHURRIED
@given(ADDRESSES, some.lists(VALUES, max_size=8))
def test_what_goes_out_comes_in_again(address, values):
    assert decode(encode(address, values)) == [Message(address, tuple(values))]


@UNHURRIED
@given(some.lists(some.tuples(ADDRESSES, some.lists(VALUES, max_size=3)), max_size=40))
def test_bundles_keep_all_messages_and_their_order(messages):
    datagrams = list(bundled(encode(address, values) for address, values in messages))
    assert all(len(datagram) <= MAX_DATAGRAM_BYTES for datagram in datagrams)
    heard = [message for datagram in datagrams for message in decode(datagram)]
    assert heard == [Message(address, tuple(values)) for address, values in messages]


@UNHURRIED
@given(some.binary(max_size=200))
def test_no_bytes_raise(data):
    for start in (b"", b"/", b"#bundle\0", b"/a\0\0,"):
        assert all(isinstance(message, Message | Malformed) for message in decode(start + data))


@UNHURRIED
@given(ADDRESSES, some.lists(VALUES, max_size=4), some.data())
def test_a_message_cut_short_never_gives_other_values(address, values, data):
    whole = encode(address, values)
    (message,) = decode(whole[: data.draw(some.integers(0, len(whole) - 1))])
    assert isinstance(message, Malformed) or message.arguments in (tuple(values), ())


@UNHURRIED
@given(TEXTS)
def test_python_osc_reads_the_text(text):
    assert OscMessage(encode("/a", [text])).params == [text]


def test_what_utf8_cannot_say_and_what_a_string_cannot_hold():
    assert decode(encode("/a", ["caf\udce9", "a\0b"])) == [Message("/a", ("caf?", "ab"))]


def test_true_goes_out_as_a_number():
    assert encode("/a", [True]) == b"/a\0\0,i\0\0\0\0\0\1"


@pytest.mark.parametrize("number", [2**31, -(2**31) - 1])
def test_no_integer_leaves_that_few_can_read(number):
    with pytest.raises(OverflowError):
        encode("/a", [number])


def test_the_types_that_come_in():
    data = b"/a\0\0,hdTFNtrm\0\0\0" + struct.pack(">qdQII", 2**40, 0.1, 1, 2, 3)
    (message,) = decode(data)
    assert message.arguments[:5] == (2**40, 0.1, True, False, False)
    assert len(message.arguments) == 8
    assert decode(b"/a\0\0,[ff]\0\0\0" + struct.pack(">ff", 1, 2))[0].arguments == ([1.0, 2.0],)


def test_nan_is_the_readers_business():
    (message,) = decode(encode("/a", [math.nan]))
    assert math.isnan(message.arguments[0])


@pytest.mark.parametrize(
    ("pattern", "address", "fits"),
    [
        ("/a/b", "/a/b", True), ("/a/b", "/a/bc", False), ("/a/?", "/a/b", True), ("/a?b", "/a/b", False),
        ("/a/*", "/a/b", True), ("/a/*", "/a/", True), ("/a/*", "/a/b/c", False), ("/*/b", "/a/b", True),
        ("/*b", "/a/b", False), ("/a*c", "/abc", True), ("/**c", "/abc", True), ("/[a-c]", "/b", True),
        ("/[a-c]", "/d", False), ("/[!a-c]", "/d", True), ("/[!a-c]", "/b", False), ("/[abx-]", "/-", True),
        ("/a[!x]b", "/a/b", False), ("/{one,two}", "/two", True), ("/{one,two}", "/tw", False),
        ("/{,t}wo", "/two", True), ("/{a/b,c}", "/a/b", False), ("/[a", "/[a", True), ("/{a", "/{a", True),
        ("/{a,ab}c", "/abc", True), ("", "", True), ("/" + "?" * 300, "/" + "a" * 300, False),
    ],
)  # fmt: skip
def test_patterns(pattern, address, fits):
    assert matches(pattern, address) is fits


@UNHURRIED
@given(some.text("/ab*?[]{},!-", max_size=30), some.text("/ab", max_size=12))
def test_no_pattern_raises(pattern, address):
    assert matches(pattern, address) in (True, False)
    assert matches("*" + pattern, address) or not matches(pattern, address)


@UNHURRIED
@given(some.text("/ab*?[]{},-!", max_size=24), some.from_regex(r"(/[ab]{1,4}){1,3}", fullmatch=True))
def test_patterns_fit_as_a_plain_search_says(pattern, address):
    assert matches(pattern, address) == fits_slowly(pattern, address)


def fits_slowly(pattern, address):
    """The definition, letter by letter."""
    if not pattern:
        return not address
    head, rest = pattern[0], pattern[1:]
    if head == "*":
        return fits_slowly(rest, address) or (address[:1] not in ("", "/") and fits_slowly(pattern, address[1:]))
    end = rest.find({"[": "]", "{": "}"}.get(head, "\0"))
    if head == "{" and end >= 0:
        words = [word for word in rest[:end].split(",") if "/" not in word]
        return any(address.startswith(word) and fits_slowly(rest[end + 1 :], address[len(word) :]) for word in words)
    if head == "[" and end >= 0:
        return in_set(rest[:end], address[:1]) and fits_slowly(rest[end + 1 :], address[1:])
    here = address[:1]
    return bool(here) and (here == head or (head == "?" and here != "/")) and fits_slowly(rest, address[1:])


def in_set(body, letter):
    negated = body.startswith("!")
    body, inside, place = body[negated:], False, 0
    while place < len(body):
        if body[place + 1 : place + 2] == "-" and place + 2 < len(body):
            inside |= body[place] <= letter <= body[place + 2]
            place += 3
        else:
            inside |= body[place] == letter
            place += 1
    return letter not in ("", "/") and inside != negated


@UNHURRIED
@given(some.lists(some.text("abcé ", max_size=40), min_size=1, max_size=200), some.integers(300, 1000))
def test_a_list_that_is_too_long_is_cut_into_messages_that_fit(names, most):
    whole = encode("/dawbridge/preset/list", (len(names), *names))
    parts = cut(whole, most)
    heard = [message for part in parts for message in decode(part, 1000)]
    assert all(len(part) <= most for part in parts)
    assert all(message.arguments[0] == len(names) and len(message.arguments) > 1 for message in heard)
    assert [name for message in heard for name in message.arguments[1:]] == names
    assert parts == [whole] or len(whole) > most


def test_what_is_no_list_stays_whole():
    for values in (("x" * 9000,), (1, "x" * 9000), ("a" * 5000, "b" * 5000), ()):
        whole = encode("/a" * 5000 if not values else "/a", values)
        assert cut(whole) == [whole]
