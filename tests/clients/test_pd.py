"""Pd runs examples/pd/dawbridge.pd: OSC out and in on one UDP socket."""

from pathlib import Path

PATCH = Path(__file__).parents[2] / "examples" / "pd" / "dawbridge.pd"


def test_the_patch_turns_a_knob_and_prints_the_feedback(start_daemon, start_program):
    daemon = start_daemon()
    pd = start_program(
        "pd", "-nogui", "-noaudio", "-nomidi", "-stderr", "-send", f"dawbridge-connect 127.0.0.1 {daemon.port}",
        "-send", "mask-strength 0.25", "-send", "acapella-gain -12", PATCH,
    )  # fmt: skip
    assert pd.says("subscribed")
    while daemon.heard.wait_for("/dawbridge/mask/strength", 60) != (0.25,):
        pass
    while daemon.heard.wait_for("/dawbridge/acapella/gain/raw", 60) != (-12.0,):
        pass
    daemon.send("/dawbridge/mask/strength", 0.75)
    assert pd.says("mask strength 0.75") == "dawbridge: mask strength 0.75"
    daemon.bounce()
    assert "settling" in pd.says("job state")
    assert "song_acapella.wav" in pd.says("job done")
