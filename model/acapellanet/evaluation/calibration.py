"""Choose how certain a trained network should be, by voices that it never heard."""

import math
from collections.abc import Callable
from dataclasses import replace

from acapellanet.evaluation.validation import Judgement, Validation
from acapellanet.net.network import AcapellaNet

TEMPERS = (1.0, 0.6, 0.4, 0.2)


def at_temper(network: AcapellaNet, temper: float) -> AcapellaNet:
    """Copy a network with another `NetworkConfig.temper`, in evaluation mode."""
    other = AcapellaNet(replace(network.config, temper=temper)).to(network.position.device)
    other.load_state_dict(network.state_dict())
    return other.eval()


def best_calibrated(
    network: AcapellaNet, validation: Validation, report: Callable[[float, Judgement], None]
) -> AcapellaNet:
    """Copy `network` at the one of `TEMPERS` that gives the highest SDR of the vocals.

    The mean over song and mashups counts, or one of them if the other does not exist. `report` is called for each.
    """
    best, best_db = network, -math.inf
    for temper in TEMPERS:
        candidate = at_temper(network, temper)
        judgement = validation.judge(candidate)
        report(temper, judgement)
        if (mean_db := _mean_db(judgement)) > best_db:
            best, best_db = candidate, mean_db
    return best


def _mean_db(judgement: Judgement) -> float:
    values = [value for value in (judgement.song_db, judgement.mashup_db) if math.isfinite(value)]
    return sum(values) / len(values) if values else -math.inf
