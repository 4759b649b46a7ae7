"""What can go wrong in acapellanet, one class per layer, all under one base."""


class AcapellanetError(Exception):
    """Base of every error this package raises on purpose."""


class ModelError(AcapellanetError):
    """A model cannot be had: unknown name, missing or damaged file, another architecture."""


class SignalError(AcapellanetError):
    """Audio of a shape or rate that the callee does not take."""


class DataError(AcapellanetError):
    """A folder of training or evaluation data holds nothing that can be used."""


class TrainingError(AcapellanetError):
    """Training cannot start, resume, or go on."""
