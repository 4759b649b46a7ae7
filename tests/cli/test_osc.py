import pytest

from dawbridge.cli.main import main
from dawbridge.surfaces.osc import table as osc_table


def test_every_address_is_described():
    assert osc_table.undescribed() == frozenset(), "give each a row in osc_table"


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


@pytest.mark.parametrize("address", ["/dawbridge/preset/load/<name>", "/dawbridge/sync"])
def test_commands_that_are_not_there_are_not_listed(address, monkeypatch):
    assert address in {row.address for row in osc_table.commands()}
    monkeypatch.setattr(osc_table, "command_addresses", frozenset)
    assert (address in {row.address for row in osc_table.commands()}) is address.endswith(">")


def test_with_a_daemon_it_has_the_values(start_daemon, capsys):
    daemon = start_daemon()
    daemon.send("/dawbridge/acapella/gain/raw", -12.5)
    assert main(["osc", "--osc-port", str(daemon.port)]) == 0
    shown = capsys.readouterr().out
    assert "dawbridge listens on" in shown
    (line,) = [line for line in shown.splitlines() if line.startswith("/dawbridge/acapella/gain ")]
    assert "-12.5 dB" in line
