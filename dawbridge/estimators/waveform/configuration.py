"""From a configuration as it is passed around with weights (YAML) to a `Description`; nothing in it is run."""

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from dawbridge.errors import ModelError
from dawbridge.estimators.waveform.description import ARCHITECTURES, Description, check
from dawbridge.files.small import read_small

LIMIT_BYTES = 1 << 20
_LABELS = ("type", "model_type", "architecture")


def read_configuration(path: Path) -> dict[str, Any]:
    """Read a YAML file of plain values, lists, mappings and tuples. Raises `ModelError` for anything else."""
    import yaml

    from dawbridge.estimators.waveform.safe_yaml import PlainLoader

    try:
        text = read_small(path, LIMIT_BYTES).decode("utf-8")
        config = yaml.load(text, Loader=PlainLoader)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror or error})") from error
    except RecursionError as error:
        raise ModelError(f"{path}: nested too deep") from error
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
        raise ModelError(f"{path}: not a plain YAML file ({' '.join(str(error).split())[:200]})") from error
    if not isinstance(config, dict):
        raise ModelError(f"{path}: holds no settings; give the .yaml file that belongs to the weights")
    return config


def describe(config: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]]) -> Description:
    """Describe the network of a configuration and of tensors of these `shapes`. Raises `ModelError`."""
    try:
        architecture = _architecture(config)
        build = {"htdemucs": _htdemucs, "mdx23c": _mdx23c, "scnet": _scnet}.get(architecture, _roformer)
        return check(build(architecture, config, shapes))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, ArithmeticError) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise ModelError(f"its configuration is not complete or not of its kind ({reason})") from error


def _architecture(config: Mapping[str, Any]) -> str:
    """Name the architecture that a configuration declares, or whose keys it has."""
    model = config.get("model", {})
    if isinstance(model, str):
        declared = {model}
    else:
        places = (config, model, config.get("training") or {})
        declared = {str(place[key]) for place in places for key in _LABELS if place.get(key)}
    declared = {name.strip().lower() for name in declared}
    signs = {
        "bs_roformer": {"freqs_per_bands"},
        "mel_band_roformer": {"num_bands"},
        "mdx23c": {"num_subbands", "num_scales", "bottleneck_factor"},
        "scnet": {"num_dplayer", "dims"},
    }
    found = declared or {name for name, keys in signs.items() if keys <= set(model)}
    if len(found) != 1 or not found <= set(ARCHITECTURES):
        said = ", ".join(sorted(found))[:100] or "nothing that is known"
        raise ModelError(f"its configuration is of {said}; known are {', '.join(ARCHITECTURES)}")
    return found.pop()


def _stems(config: Mapping[str, Any]) -> tuple[str, ...]:
    training = config["training"]
    target = training.get("target_instrument")
    return (str(target),) if target else tuple(map(str, training["instruments"]))


def _settings(config: Mapping[str, Any]) -> dict[str, Any]:
    return {str(name): value for name, value in config["model"].items() if name not in _LABELS}


def _grid(config: Mapping[str, Any], default: int, overlap: int) -> tuple[int, int]:
    """Length of a segment and hop, in samples."""
    inference, audio = config.get("inference") or {}, config.get("audio") or {}
    length = int(inference.get("chunk_size") or audio.get("chunk_size") or default)
    return length, max(1, length // int(inference.get("num_overlap") or overlap))


def _roformer(architecture: str, config: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]]) -> Description:
    model = _settings(config)
    if architecture == "mel_band_roformer":
        model["mlp_hidden_layers"] = _hidden_layers(shapes)
        model["match_input_audio_length"] = True
    rate = int((config.get("audio") or {}).get("sample_rate") or model.get("sample_rate") or 44100)
    length, hop = _grid(config, 8 * rate, 2)
    return Description(architecture, model, _stems(config), rate, length, hop)


def _hidden_layers(shapes: Mapping[str, tuple[int, ...]]) -> int:
    """Read off the keys how deep the mask estimators are: configurations do not say it, and defaults differ."""
    prefix = "mask_estimators.0.to_freqs.0.0."
    layers = sum(name.startswith(prefix) and name.endswith(".weight") for name in shapes)
    if not layers:
        raise ModelError("its tensors are not those of a Mel-Band RoFormer (no mask estimator)")
    return layers - 1


def _scnet(architecture: str, config: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]]) -> Description:
    model = _settings(config)
    stems = tuple(map(str, model.get("sources") or _stems(config)))
    rate = int((config.get("audio") or {}).get("sample_rate") or 44100)
    length, hop = _grid(config, 11 * rate, 2)
    return Description(architecture, {**model, "sources": list(stems)}, stems, rate, length, hop)


def _mdx23c(architecture: str, config: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]]) -> Description:
    audio = {name: value for name, value in config["audio"].items() if name != "chunk_size"}  # the grid has it
    length, hop = _grid(config, int(audio["hop_length"]) * (int(audio.get("dim_t", 256)) - 1), 2)
    rate = int(audio.get("sample_rate") or 44100)
    return Description(architecture, _settings(config), _stems(config), rate, length, hop, audio)


def _htdemucs(architecture: str, config: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]]) -> Description:
    training = config["training"]
    model = {**config["htdemucs"], "sources": list(training["instruments"])}
    model |= {"audio_channels": training.get("channels", 2), "samplerate": training.get("samplerate", 44100)}
    return demucs_description({**model, "segment": training.get("segment", 10)})


def demucs_description(arguments: Mapping[str, Any]) -> Description:
    """Describe an HT Demucs by the arguments that it was made with.

    Raises `ModelError`, and `KeyError`, `TypeError`, `ValueError`, `ArithmeticError` for arguments that are none.
    """
    model: dict[str, Any] = {name: _number(value) for name, value in arguments.items() if value is not None}
    rate, segment = int(model.get("samplerate", 44100)), model.get("segment", 10)
    if not isinstance(segment, int | float):  # as a fraction, the text 1e999999999 takes all memory
        raise TypeError("its segment is not a number")
    length = int(Fraction(str(segment)) * rate)
    stems = tuple(model["sources"])
    if not all(isinstance(stem, str) for stem in stems):
        raise TypeError("its sources are not names")
    model["sources"] = list(stems)
    return check(Description("htdemucs", model, stems, rate, length, max(1, length * 3 // 4)))


def _number(value: object) -> object:
    """Turn fractions and numpy's numbers into plain ones."""
    if isinstance(value, Fraction):
        return float(value)
    return value.item() if getattr(value, "shape", None) == () and hasattr(value, "item") else value
