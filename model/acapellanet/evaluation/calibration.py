"""How sure of itself a trained network should be, chosen by voices that it never heard."""

import math
from collections.abc import Callable
from dataclasses import replace

from acapellanet.evaluation.validation import Judgement, Validation
from acapellanet.net.network import AcapellaNet

TEMPERS = (1.0, 0.6, 0.4, 0.2)


def at_temper(network: AcapellaNet, temper: float) -> AcapellaNet:
    """The same weights, in evaluation mode, with another `NetworkConfig.temper`."""
    other = AcapellaNet(replace(network.config, temper=temper)).to(network.position.device)
    other.load_state_dict(network.state_dict())
    return other.eval()


def best_calibrated(
    network: AcapellaNet, validation: Validation, told: Callable[[float, Judgement], None]
) -> AcapellaNet:
    """`network` at that one of `TEMPERS` by which the vocals' SDR is highest; `told` hears of each.

    The mean over song and mashups counts, or that of the two which there is.
    """
    best, best_db = network, -math.inf
    for temper in TEMPERS:
        candidate = at_temper(network, temper)
        judgement = validation.judge(candidate)
        told(temper, judgement)
        if (mean_db := _mean_db(judgement)) > best_db:
            best, best_db = candidate, mean_db
    return best


def _mean_db(judgement: Judgement) -> float:
    values = [value for value in (judgement.song_db, judgement.mashup_db) if math.isfinite(value)]
    return sum(values) / len(values) if values else -math.inf
