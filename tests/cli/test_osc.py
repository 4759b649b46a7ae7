import pytest

from dawbridge.cli.main import main
from dawbridge.commands import COMMANDS, EVENTS


def test_without_a_daemon_the_table_has_the_defaults(capsys):
    assert main(["osc", "--osc-port", "9"]) == 0
    shown = capsys.readouterr().out
    assert "no dawbridge answers on UDP port 9" in shown
    for words in (
        "/dawbridge/mask/strength",
        "/dawbridge/midi/learn",
        "/dawbridge/automation/record",
        "/dawbridge/transport",
        "/dawbridge/job/done",
        "0.0 dB",
    ):
        assert words in shown


@pytest.mark.parametrize("row", [*COMMANDS, *EVENTS], ids=lambda row: row.address)
def test_every_row_of_the_tables_is_listed_with_its_arguments(row, capsys):
    assert main(["osc", "--osc-port", "9"]) == 0
    assert f"  {row.address:32} {row.words}".rstrip() in capsys.readouterr().out.splitlines()


def test_with_a_daemon_it_has_the_values(start_daemon, capsys):
    daemon = start_daemon()
    daemon.send("/dawbridge/acapella/gain/raw", -12.5)
    assert main(["osc", "--osc-port", str(daemon.port)]) == 0
    shown = capsys.readouterr().out
    assert "dawbridge listens on" in shown
    (line,) = [line for line in shown.splitlines() if line.startswith("/dawbridge/acapella/gain ")]
    assert "-12.5 dB" in line
