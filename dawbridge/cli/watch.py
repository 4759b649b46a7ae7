"""`dawbridge watch`: runs the daemon in the foreground."""

from argparse import ArgumentParser, Namespace
from dataclasses import replace

from dawbridge.cli.flags import add_config_flag, add_engine_flags, warn
from dawbridge.config.cluster import ClusterSettings, checked
from dawbridge.config.file import cluster_of, config_file, folders_of
from dawbridge.config.paths import daemon_log_path
from dawbridge.config.settings import HOST, HTTP_PORT, OSC_PORT, FolderSettings, Settings
from dawbridge.config.stem_format import StemFormat
from dawbridge.errors import ConfigError
from dawbridge.events import Bus
from dawbridge.files.output import Output
from dawbridge.files.paths import user_path
from dawbridge.knobs.presets import Presets


def add_flags(parser: ArgumentParser) -> None:
    """The flags of `dawbridge watch`."""
    add = parser.add_argument
    add("folders", nargs="*", type=user_path, metavar="FOLDER", help="the folder that your DAW bounces into; if none is given, those of dawbridge.toml")  # fmt: skip
    add_config_flag(parser)
    add("--once", action="store_true", help="separate the bounces that are there, then end")
    add("--existing", action="store_true", default=None, help="when a folder is watched for the first time, also take the bounces that are there already")  # fmt: skip
    add("--output", default="", metavar="TEMPLATE", help="folder beside the bounce, or a template: 'separated/{name}_{stem}' [separated]")  # fmt: skip
    add("--poll", action="store_true", default=None, help="scan the folder instead of waiting for events (network drives)")  # fmt: skip
    add("--accept-streamed", action="store_true", help="take files whose header a pipe never completed")
    add("--cluster", default="", metavar="ADDRESS", help="let other computers estimate: tls://HOST:8786, with the certificates of [cluster] in dawbridge.toml; none: do not, whatever that says")  # fmt: skip
    add("--no-prefetch", action="store_true", help="do not use idle time to make the first turn of center_amount fast")
    add_engine_flags(parser)
    add = parser.add_argument_group("control surfaces").add_argument
    add("--host", default=HOST, help=f"address to listen on; 0.0.0.0 lets tablets in [{HOST}]")
    add("--osc-port", type=int, default=OSC_PORT, metavar="PORT", help=f"UDP port for OSC [{OSC_PORT}]")
    add("--osc-tcp", type=int, default=0, metavar="PORT", help="TCP port for OSC in SLIP frames, 0: none [0]")
    add("--http-port", type=int, default=HTTP_PORT, metavar="PORT", help=f"TCP port for the page and OSCQuery, 0: neither [{HTTP_PORT}]")  # fmt: skip
    add("--open", action="store_true", help="open the page in the browser")
    add("--osc-feedback", metavar="HOST:PORT", help="also send every change there (TouchOSC, Max: port 9321)")
    add("--midi-port", metavar="NAME", help="also listen to this MIDI device: part of its name, or 'all'")
    add("--no-midi", action="store_true", help="do not use MIDI")


def run(options: Namespace) -> int:
    """Watch until Ctrl-C, or with `--once` until all is done. 1 if a file stalled or failed, or the model is missing."""
    from dawbridge.daemon import Daemon
    from dawbridge.surfaces.chatter import diverted
    from dawbridge.surfaces.terminal import Terminal

    settings = read_settings(options)
    bus = Bus()
    terminal = Terminal(bus)  # first: the daemon reports what is missing while it is built
    with diverted(daemon_log_path()):
        try:
            daemon = Daemon(settings, bus, terminal=terminal)
            daemon.stop_on_signals()
            daemon.run()
        finally:
            terminal.close()
    return 1 if settings.once and daemon.failed else 0


def read_settings(options: Namespace) -> Settings:
    """The options as settings. Raises `ConfigError`, `AudioError`."""
    if not 0 <= options.osc_port <= 65535:
        raise ConfigError(f"--osc-port {options.osc_port}: allowed is 0..65535 (0: any free one)")
    if not 0 <= options.osc_tcp <= 65535:
        raise ConfigError(f"--osc-tcp {options.osc_tcp}: allowed is 0..65535 (0: no OSC over TCP)")
    if not 0 <= options.http_port <= 65535:
        raise ConfigError(f"--http-port {options.http_port}: allowed is 0..65535 (0: no page, no OSCQuery)")
    return Settings(
        read_folders(options),
        once=options.once,
        preset=options.preset,
        model=options.model,
        device=options.device,
        host=options.host,
        osc_port=options.osc_port,
        http_port=options.http_port,
        open_page=options.open,
        osc_tcp=options.osc_tcp,
        osc_feedback=host_port(options.osc_feedback) if options.osc_feedback else None,
        midi=not options.no_midi,
        midi_port=options.midi_port,
        prefetch=not options.no_prefetch,
        cluster=_cluster(options),
    )


def _cluster(options: Namespace) -> ClusterSettings | None:
    """The cluster of the flag, else of `dawbridge.toml`. Raises `ConfigError`."""
    configured = cluster_of(options.config)
    if not options.cluster or options.cluster == "none":
        return None if options.cluster else configured
    named = ClusterSettings(options.cluster)
    return checked(replace(configured, address=options.cluster) if configured else named)


def read_folders(options: Namespace) -> tuple[FolderSettings, ...]:
    """The folders of the command line, or else those of `dawbridge.toml`; flags take precedence over the file.

    Raises `ConfigError`, `AudioError`.
    """
    configured = folders_of(options.config, Presets().check, options.folders, warn)
    folders = configured
    if options.folders:
        own = {folder.path.resolve(): folder for folder in configured}
        folders = tuple(own.get(path.resolve(), FolderSettings(path)) for path in options.folders)
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
        "dawproject": options.dawproject or None,
        "preset": "" if options.preset else None,
    }
    flags = {name: value for name, value in given.items() if value is not None}
    if options.accept_streamed:
        flags["accept_streamed"] = True
    return tuple(replace(folder, **flags) for folder in folders)


def host_port(text: str) -> tuple[str, int]:
    """Split `HOST:PORT`. Raises `ConfigError`."""
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdecimal()) or not 1 <= int(port) <= 65535:
        raise ConfigError(f"--osc-feedback {text!r}: give HOST:PORT, for example 192.168.1.20:9321")
    return host, int(port)
