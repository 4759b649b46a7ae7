import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawbridge.files.printable import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\x1b[2J", "a\\nb\\x1b[2J"),
        ("tab\tdel\x7fcsi\x9b", "tab\\tdel\\x7fcsi\\x9b"),
        ("caf\udce9", "caf\\udce9"),
        ("line\u2028para\u2029", "line\\u2028para\\u2029"),
        ("gnp.\u202eavw", "gnp.\\u202eavw"),
        ("Ünï 🎤 \u3000 👩‍🎤 é", "Ünï 🎤 \u3000 👩‍🎤 é"),
        ("back\\slash", "back\\slash"),
    ],
)
def test_what_a_terminal_would_obey_is_escaped_and_the_rest_stays(text, shown):
    assert printable(text) == shown


@given(st.text())
def test_every_text_becomes_one_line_of_utf_8(text):
    shown = printable(text)
    shown.encode()
    assert len(shown.splitlines()) <= 1
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in shown)
