"""SuperCollider's language: bundles with a time tag ahead of now, nil and true as arguments, symbols as strings."""

from pathlib import Path

SCRIPT = Path(__file__).with_name("knobs.scd")


def test_sclang_subscribes_sets_knobs_in_bundles_and_hears_of_jobs(start_daemon, start_program, monkeypatch, tmp_path):
    for name, value in (("QT_QPA_PLATFORM", "offscreen"), ("QTWEBENGINE_DISABLE_SANDBOX", "1"), ("HOME", tmp_path)):
        monkeypatch.setenv(name, str(value))
    daemon = start_daemon()
    sclang = start_program("sclang", SCRIPT, daemon.port)
    assert sclang.says("/dawbridge/subscribed")
    wanted = {
        "/dawbridge/mask/strength": 0.25,
        "/dawbridge/live/enable": 0,
        "/dawbridge/center/amount": 0.5,
        "/dawbridge/mask/depth": 0.5,
        "/dawbridge/acapella/gain/raw": -12.0,
    }
    values = {}
    for address, arguments in daemon.heard.heard(60):
        values[address] = arguments[0] if arguments else None
        if wanted.items() <= values.items():
            break
    assert wanted.items() <= values.items()
    assert "unknown_address" in sclang.says("/dawbridge/error /dawbridge/mask/flor")
    assert "no bounce is in focus" in sclang.says("/dawbridge/error /dawbridge/take/list")
    daemon.send("/dawbridge/mask/contrast", 0.75)
    assert sclang.says("/dawbridge/mask/contrast 0.75")
    daemon.bounce()
    assert "song_acapella.wav" in sclang.says("/dawbridge/job/done 1 ")
