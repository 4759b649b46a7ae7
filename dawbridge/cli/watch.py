"""`dawbridge watch`: the daemon in the foreground."""

from argparse import Namespace
from dataclasses import replace

from dawbridge.config.file import config_file, folders_of
from dawbridge.config.settings import FolderSettings, Settings
from dawbridge.errors import ConfigError
from dawbridge.events import Bus
from dawbridge.files.output import Output
from dawbridge.knobs.presets import Presets
from dawbridge.surfaces.terminal import Terminal


def run(options: Namespace) -> int:
    """Watch until Ctrl-C, or with `--once` until all is done. 1 where a file stalled or the model is missing."""
    from dawbridge.daemon import Daemon

    settings = read_settings(options)
    bus = Bus()
    terminal = Terminal(bus)  # first: what is missing is said while the daemon is built
    try:
        daemon = Daemon(settings, bus, terminal=terminal)
        daemon.stop_on_signals()
        daemon.run()
    finally:
        terminal.close()
    return 1 if settings.once and (daemon.stalled or daemon.failures or daemon.model_problem) else 0


def read_settings(options: Namespace) -> Settings:
    """The command line's words as settings. Raises `ConfigError`, `AudioError`."""
    if not 0 <= options.osc_port <= 65535:
        raise ConfigError(f"--osc-port {options.osc_port}: allowed is 0..65535 (0: any free one)")
    if not 0 <= options.http_port <= 65535:
        raise ConfigError(f"--http-port {options.http_port}: allowed is 0..65535 (0: no OSCQuery)")
    return Settings(
        read_folders(options),
        once=options.once,
        preset=options.preset,
        model=options.model,
        device=options.device,
        host=options.host,
        osc_port=options.osc_port,
        http_port=options.http_port,
        osc_feedback=host_port(options.osc_feedback) if options.osc_feedback else None,
        midi=not options.no_midi,
        midi_port=options.midi_port,
        prefetch=not options.no_prefetch,
    )


def read_folders(options: Namespace) -> tuple[FolderSettings, ...]:
    """The folders of the command line, else those of `dawbridge.toml`; flags go before the file's settings.

    Raises `ConfigError`, `AudioError`.
    """
    from dawbridge.audio.files import StemFormat

    configured = folders_of(options.config, Presets().check)
    folders = configured
    if options.folders:
        own = {folder.path.resolve(): folder for folder in configured}
        folders = tuple(own.get(path.expanduser().resolve(), FolderSettings(path)) for path in options.folders)
    if not folders:
        raise ConfigError(
            f"which folder? dawbridge watch FOLDER, or name it in {options.config or config_file()}: "
            "[[folder]] and below it path = '~/Bounces'"
        )
    given = {
        "output": Output(options.output) if options.output else None,
        "format": StemFormat.parse(options.format) if options.format else None,
        "existing": options.existing,
        "poll": options.poll,
        "loop": options.loop or None,
        "preset": "" if options.preset else None,
    }
    flags = {name: value for name, value in given.items() if value is not None}
    if options.accept_streamed:
        flags["accept_streamed"] = True
    return tuple(replace(folder, **flags) for folder in folders)


def host_port(text: str) -> tuple[str, int]:
    """`HOST:PORT` → both. Raises `ConfigError`."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise ConfigError(f"--osc-feedback {text!r}: give HOST:PORT, for example 192.168.1.20:9321")
    return host, int(port)
