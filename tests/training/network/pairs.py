"""One target with its references, where a test needs no more of a group."""

from dataclasses import replace

from ant_core.training.network.data import sample_group


def sample_pair(clip, rng, options):
    """Return the first sample of a group; None if a drawing is too large."""
    group = sample_group(clip, rng, replace(options, mutual=False))
    return group[0] if group else None
