"""`dawbridge watch`: the daemon in the foreground."""

from argparse import Namespace

from dawbridge.display import make_display
from dawbridge.errors import ConfigError
from dawbridge.events import Bus
from dawbridge.output import Output
from dawbridge.settings import Settings


def run(options: Namespace) -> int:
    """Watch until Ctrl-C, or with `--once` until all is done. 1 where a file stalled or the model is missing."""
    from dawbridge.daemon import Daemon

    settings = read_settings(options)
    bus, display = Bus(), make_display()
    bus.subscribe(display)  # first: what is missing is said while the daemon is built
    try:
        daemon = Daemon(settings, bus)
        daemon.stop_on_signals()
        daemon.run()
    finally:
        display.close()
    return 1 if settings.once and (daemon.stalled or daemon.failures or daemon.model_problem) else 0


def read_settings(options: Namespace) -> Settings:
    """The command line's words as settings. Raises `ConfigError`, `AudioError`."""
    from dawbridge.audio.files import StemFormat

    if not 0 <= options.osc_port <= 65535:
        raise ConfigError(f"--osc-port {options.osc_port}: allowed is 0..65535 (0: any free one)")
    if not 0 <= options.http_port <= 65535:
        raise ConfigError(f"--http-port {options.http_port}: allowed is 0..65535 (0: no OSCQuery)")
    return Settings(
        tuple(options.folders),
        once=options.once,
        existing=options.existing,
        preset=options.preset,
        model=options.model,
        device=options.device,
        output=Output(options.output),
        format=StemFormat.parse(options.format) if options.format else None,
        host=options.host,
        osc_port=options.osc_port,
        http_port=options.http_port,
        osc_feedback=host_port(options.osc_feedback) if options.osc_feedback else None,
        midi=not options.no_midi,
        midi_port=options.midi_port,
        poll=options.poll,
        accept_streamed=options.accept_streamed,
        prefetch=not options.no_prefetch,
        loop=options.loop,
    )


def host_port(text: str) -> tuple[str, int]:
    """`HOST:PORT` → both. Raises `ConfigError`."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise ConfigError(f"--osc-feedback {text!r}: give HOST:PORT, for example 192.168.1.20:9321")
    return host, int(port)
