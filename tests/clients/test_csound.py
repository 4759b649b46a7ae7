"""csound's OSCsend and OSClisten."""

from pathlib import Path

from dawbridge.surfaces.osc.client import free_port

SCORE = Path(__file__).with_name("knobs.csd")


def test_csound_subscribes_sets_and_prints_the_feedback(start_daemon, start_program):
    daemon = start_daemon()
    csound = start_program("csound", f"--omacro:PORT={daemon.port}", f"--omacro:EARPORT={free_port()}", SCORE)
    while daemon.heard.wait_for("/dawbridge/mask/strength", 60) != (0.25,):
        pass
    assert csound.says("strength 0.250")
    daemon.send("/dawbridge/mask/strength", 0.75)
    assert csound.says("strength 0.750")
    daemon.bounce()
    assert "song_acapella.wav" in csound.says("job 1 done")
