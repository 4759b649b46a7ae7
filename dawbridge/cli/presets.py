"""`dawbridge presets [list | show NAME]`: lists the presets, or shows one."""

from argparse import ArgumentParser, Namespace

from dawbridge.errors import ConfigError
from dawbridge.files.printable import printable
from dawbridge.knobs.parameters import DEFAULTS, PARAMETERS
from dawbridge.knobs.presets import Presets, user_folder


def add_flags(parser: ArgumentParser) -> None:
    """The flags of `dawbridge presets`."""
    parser.add_argument("action", nargs="?", choices=("list", "show"), default="list", help="[list]")
    parser.add_argument("name", nargs="?", default="", metavar="NAME", help="with show: which one")


def run(options: Namespace) -> int:
    """Print the list, or one preset. Raises `PresetError`, `ConfigError`."""
    if options.action == "show":
        if not options.name:
            raise ConfigError("presets show: which one? dawbridge presets lists them")
        return _show(options.name)
    presets = Presets().list()
    width = max((len(preset.name) for preset in presets), default=0)
    for index, preset in enumerate(presets, 1):
        note = "" if preset.shipped else " (yours)"
        print(f"{index:3}  {preset.name:{width}}  {printable(preset.description)}{note}")
        for problem in preset.problems:
            print(f"     {'':{width}}  cannot be used: {problem}")
    print(f"\nyour own belong in {user_folder()}")
    return 0


def _show(name: str) -> int:
    preset = Presets().load(name)
    print(f"{preset.name}: {printable(preset.description)}\n{printable(str(preset.path))}\n")
    for parameter, value in preset.setting.items():
        row = PARAMETERS[parameter]
        turned = "*" if value != DEFAULTS[parameter] else " "
        print(f" {turned} {parameter:20} {row.display(value):>10}   {row.help}")
    return 0
