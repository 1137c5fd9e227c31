"""Losses on a similarity matrix; labels may be correspondences or colours.

Letters: B batch, N target segments, M reference segments.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

__all__ = [
    "counterpart_loss",
    "cycle_loss",
    "forward_match_loss",
    "label_agreement",
    "paper_loss",
    "relative_loss",
    "seen_loss",
]

_TINY = 1e-6  # keeps logarithms finite; below float32 noise of a softmax over thousands
_MISMATCHED = 0.3  # what a piece that is seen, but matched wrongly, counts in `seen_loss`


def label_agreement(target: Tensor, reference: Tensor) -> Tensor:
    """Labels (B, N), (B, M) -> (B, N, M), 1 where they are equal and not negative."""
    equal = target[:, :, None] == reference[:, None, :]
    return (equal & (target >= 0)[:, :, None]).float()


def forward_match_loss(similarity: Tensor, agreement: Tensor) -> Tensor:
    """Return -log of the similarity mass on references of the right label, per target segment.

    This is the cross-entropy between the label mixed from all references (Casey et al. 2021,
    equations 3 and 4) and the true one, for unique and for shared labels alike. Segments without
    a right reference get 0. similarity: (B, N, M) before the softmax. Returns (B, N).
    """
    has_match = agreement.amax(dim=-1)
    log_mass = similarity.masked_fill(agreement == 0, float("-inf")).logsumexp(dim=-1)
    log_mass = torch.where(has_match > 0, log_mass, torch.zeros_like(log_mass))
    return (similarity.logsumexp(dim=-1) - log_mass) * has_match


def cycle_loss(
    similarity: Tensor, target_mask: Tensor, reference_mask: Tensor, references: Tensor
) -> Tensor:
    """Return -log of the probability to come back to the same reference segment, less log K.

    Casey et al. 2021, equations 5 to 7: unique ids go to the target through S and back through
    T. The paper has one reference. With K of them a part is there K times, S spreads over all of
    its copies, and no match comes back to the same one with more than 1 / K: so the probability is
    taken K times, and perfect matches of parts that every reference shows cost 0.

    similarity: (B, N, M); masks: (B, N), (B, M), 1 = segment; references: (B,) K of each sample.
    Returns (B, M), 0 for padding.
    """
    forward = similarity.softmax(dim=-1)  # (B, N, M), rows over references
    padding = (1.0 - target_mask)[:, :, None] * -1e4
    backward = (similarity + padding).softmax(dim=1)  # (B, N, M), columns over targets
    returned = (forward * backward).sum(dim=1)  # (B, M)
    return -(returned * references[:, None] + _TINY).log() * reference_mask


def counterpart_loss(logit: Tensor, agreement: Tensor, mask: Tensor) -> Tensor:
    """Return the cross-entropy of "has a counterpart", per target segment (B, N).

    Segments without one are rare and count four times; the cost of guessing a colour for a new
    part is higher than that of leaving it to the artist.
    """
    truth = agreement.amax(dim=-1)
    loss = functional.binary_cross_entropy_with_logits(logit, truth, reduction="none")
    return loss * mask * torch.where(truth > 0, 1.0, 4.0)


def paper_loss(
    batch: dict[str, Tensor], similarity: Tensor, cycle_weight: float = 0.25, labels: str = "parts"
) -> Tensor:
    """Casey et al. 2021, equation 8: forward match loss plus alpha times the cycle loss.

    The cycle loss of several references is a mean over them, so that alpha weighs as it does with
    the paper's one. `labels` is that of `PaperOptions`: with "mixed" every other sample of a batch
    is compared by colours.
    """
    by_part = label_agreement(batch["target_label"], batch["reference_label"])
    by_color = label_agreement(batch["target_color"], batch["reference_color"])
    if labels == "mixed":
        odd = torch.arange(len(by_part), device=by_part.device) % 2 == 1
        agreement = torch.where(odd[:, None, None], by_color, by_part)
    else:
        agreement = by_color if labels == "colors" else by_part
    forward = forward_match_loss(similarity, agreement).sum(dim=-1)
    if cycle_weight == 0:
        return forward.mean()
    return (forward + cycle_weight * _cycle(batch, similarity)).mean()


def _cycle(batch: dict[str, Tensor], similarity: Tensor) -> Tensor:
    """Return each sample's cycle loss, (B,): summed over segments, a mean over references."""
    masks, references = (batch["target_mask"], batch["reference_mask"]), batch["references"]
    return cycle_loss(similarity, *masks, references).sum(dim=-1) / references


def seen_loss(logit: Tensor, seen: Tensor, is_right: Tensor) -> Tensor:
    """Return the cross-entropy of "this very piece is seen", per target segment (B, N).

    seen: (B, N), 1 where it is, 0 where not, -1 where unknown, which costs nothing.
    is_right: (B, N) bool, whether the best match is of the right part. To give up a wrong match
    loses nothing, so it costs less to say so of a piece that is seen.
    """
    truth = seen.clamp(min=0).to(logit.dtype)
    loss = functional.binary_cross_entropy_with_logits(logit, truth, reduction="none")
    return loss * (seen >= 0) * torch.where((seen == 1) & ~is_right, _MISMATCHED, 1.0)


def relative_loss(
    batch: dict[str, Tensor],
    similarity: Tensor,
    counterpart: Tensor,
    seen: Tensor,
    cycle_weight: float = 0.0,
) -> Tensor:
    """Return the loss of our configuration, a mean over segments.

    Forward match over parts and over (randomly merged) colours, the same from the references'
    side, and both heads; with a weight the cycle loss, which knows no labels.
    """
    parts = label_agreement(batch["target_label"], batch["reference_label"])
    colors = label_agreement(batch["target_color"], batch["reference_color"])
    mask = batch["target_mask"]
    padding = (1.0 - mask)[:, :, None] * -1e4
    count = mask.sum().clamp(min=1.0)
    back_count = batch["reference_mask"].sum().clamp(min=1.0)
    forward = forward_match_loss(similarity, parts).sum() / count
    color = forward_match_loss(similarity, colors).sum() / count
    reverse = (similarity + padding).transpose(1, 2)
    backward = forward_match_loss(reverse, parts.transpose(1, 2)).sum() / back_count
    # Rows of unsure label (-1) say nothing about counterparts.
    known = mask * (batch["target_label"] >= 0).float()
    found = counterpart_loss(counterpart, parts, known).sum() / count
    pieces = (batch["target_seen"] >= 0).sum().clamp(min=1)
    is_right = parts.gather(-1, similarity.argmax(dim=-1, keepdim=True))[..., 0] > 0
    piece = seen_loss(seen, batch["target_seen"], is_right).sum() / pieces
    loss = 0.6 * forward + 0.4 * color + 0.25 * backward + 0.25 * found + 0.25 * piece
    if cycle_weight == 0:
        return loss
    one_reference = back_count / batch["references"].float().mean()
    return loss + cycle_weight * _cycle(batch, similarity).sum() / one_reference
