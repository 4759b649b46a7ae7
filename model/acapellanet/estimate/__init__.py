"""From a mixture to an estimate of its vocals: which models exist, and how they run, whole or in a stream."""
