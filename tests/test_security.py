"""What docs/security.md promises, as far as it can be tested in one place."""

import ast
import pickle
from pathlib import Path

import pytest

from acapellanet.errors import ModelError
from acapellanet.estimate.estimator import load_estimator
from dawbridge.errors import PresetError
from dawbridge.knobs.parameters import DEFAULTS
from dawbridge.knobs.presets import Presets, read

ROOT = Path(__file__).parent.parent
SOURCES = sorted(path for folder in ("dawbridge", "model") for path in (ROOT / folder).rglob("*.py"))
UNPICKLING = {
    "pickle",
    "_pickle",
    "cPickle",
    "dill",
    "cloudpickle",
    "joblib",
    "shelve",
    "marshal",
    "jsonpickle",
    "yaml",
}
CALLS = {"eval", "exec", "torch.load", "torch.hub.load", "os.system", "os.popen", "np.fromregex", "tarfile.open"}
PIPE = {"daemon.py", "inbox.py", "link.py", "messages.py", "supervisor.py"}
"""The pipe between our own two processes, made by `multiprocessing` and reachable by nobody else, does pickle."""
BYTES_ALONE = {"confined.py"}
"""Its child reads what strangers wrote: what comes from there is JSON, never a pickle."""


READERS = {"importing.py": {"torch.load"}, "safe_yaml.py": {"yaml"}, "configuration.py": {"yaml"}}
"""Modules that read what strangers wrote by readers that can do more than they are allowed to here (see below)."""


def trees():
    return [(path, ast.parse(path.read_text(encoding="utf-8"))) for path in SOURCES]


def imports(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


def calls(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), {word.arg: word.value for word in node.keywords}


def test_nothing_unpickles():
    assert len(SOURCES) > 90
    for path, tree in trees():
        permitted = READERS.get(path.name, set())
        assert not UNPICKLING & set(imports(tree)) - permitted, path
        for name, keywords in calls(tree):
            assert name not in CALLS - permitted, f"{path}: {name}"
            if name == "torch.load":
                assert ast.unparse(keywords["weights_only"]) == "True", path
            if name.startswith("yaml.") and "load" in name:
                assert name == "yaml.load" and ast.unparse(keywords["Loader"]) == "PlainLoader", path
            allowed = keywords.get("allow_pickle")
            assert allowed is None or ast.unparse(allowed) == "False", path
            if name.endswith(("np.load", "numpy.load")):
                assert allowed is not None, f"{path}: np.load without allow_pickle=False"


def test_only_the_daemon_has_a_pipe():
    using = {path.name for path, tree in trees() if "multiprocessing" in set(imports(tree))}
    assert using <= PIPE | BYTES_ALONE
    for path, tree in trees():
        if path.name in BYTES_ALONE:
            assert not {"send", "recv"} & {name.rpartition(".")[2] for name, _ in calls(tree)}


def test_no_shell_is_ever_asked():
    for path, tree in trees():
        for name, keywords in calls(tree):
            assert "shell" not in keywords, f"{path}: {name}"


def test_weights_that_are_a_pickle_are_refused_and_not_run(tmp_path):
    trap = tmp_path / "ran"

    class Bomb:
        def __reduce__(self):
            return (Path.touch, (trap,))

    path = tmp_path / "weights.safetensors"
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(ModelError):
        load_estimator(str(path))
    path.rename(tmp_path / "weights.pt")
    with pytest.raises(ModelError):
        load_estimator(str(tmp_path / "weights.pt"))
    assert not trap.exists()


def test_safetensors_that_claim_more_than_there_is_are_refused(tmp_path):
    path = tmp_path / "weights.safetensors"
    for head in (b"\xff" * 8, (2**40).to_bytes(8, "little")):
        path.write_bytes(head + b'{"a":{"dtype":"F32","shape":[1099511627776],"data_offsets":[0,4398046511104]}}')
        with pytest.raises(ModelError, match="damaged"):
            load_estimator(str(path))


@pytest.mark.parametrize(
    "name",
    ["../evil", "..", "a/b", "a\\b", "/etc/passwd", "C:evil", "con", "x\0y", "x\ny", " x", "x.", "", "x" * 41, "é"],
)
def test_presets_stay_in_their_folder(tmp_path, name):
    presets = Presets(user=tmp_path / "presets")
    with pytest.raises(PresetError):
        presets.save(name, DEFAULTS)
    with pytest.raises(PresetError):
        presets.delete(name)
    assert not list(tmp_path.rglob("*.toml"))


def test_a_preset_that_is_a_link_is_replaced_and_what_it_led_to_is_not(tmp_path):
    folder, victim = tmp_path / "presets", tmp_path / "victim.toml"
    folder.mkdir()
    victim.write_text('name = "mine"\n[parameters]\n')
    (folder / "mine.toml").symlink_to(victim)
    presets = Presets(user=folder)
    presets.save("mine", {"mask_depth": 0.5})
    assert victim.read_text() == 'name = "mine"\n[parameters]\n'
    assert presets.load("mine").values == {"mask_depth": 0.5}
    presets.delete("mine")
    assert victim.exists()


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 20_000, 'name = "../../x"', "[parameters]\nmask_depth = 1e999", "name = 5", "\0\xff"]
)
def test_a_preset_from_a_stranger_is_only_ever_text(tmp_path, text):
    path = tmp_path / "odd.toml"
    path.write_text(text, encoding="latin-1")
    preset = read(path, shipped=False)
    assert preset.problems and preset.name == "odd"
