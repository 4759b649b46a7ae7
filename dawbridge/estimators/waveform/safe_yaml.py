"""YAML without surprises: plain values only, no aliases that multiply, and numbers as people write them."""

import re
from typing import Any

import yaml


class PlainLoader(yaml.SafeLoader):  # type: ignore[misc]
    """The safe loader with tuples, `1e-4` as a number, and without aliases, by which a few lines become gigabytes."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.YAMLError("aliases (*name) are not taken; write the values out")
        node: yaml.Node | None = super().compose_node(parent, index)
        return node


def _tuple(loader: yaml.SafeLoader, node: yaml.SequenceNode) -> tuple[Any, ...]:
    return tuple(loader.construct_sequence(node, deep=True))


PlainLoader.add_constructor("tag:yaml.org,2002:python/tuple", _tuple)
PlainLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9][0-9_]*(\.[0-9_]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)
