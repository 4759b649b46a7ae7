from dawbridge.surfaces.midi.echo import ECHO_S, EchoFilter

CC = [0xB0, 20, 64]


def test_each_message_that_was_sent_is_known_once_when_it_comes_back():
    echo = EchoFilter()
    assert not echo.is_echo(CC, 0.0)
    echo.sent(CC, 0.0)
    echo.sent([0x90, 60, 127], 0.0)
    echo.sent(CC, 0.1)
    assert not echo.is_echo([0xB0, 20, 65], 0.1)
    assert echo.is_echo(CC, 0.2)
    assert echo.is_echo([0x90, 60, 127], 0.2)
    assert echo.is_echo(CC, 0.2)
    assert not echo.is_echo(CC, 0.2)


def test_later_it_is_a_hand():
    echo = EchoFilter()
    echo.sent(CC, 0.0)
    assert not echo.is_echo(CC, ECHO_S + 0.01)
    echo.sent(CC, 1.0)
    echo.sent(CC, 1.4)
    assert echo.is_echo(CC, 1.6)  # the first of them is out of time, the second is not
    assert not echo.is_echo(CC, 1.6)
