"""Losses against values worked out by hand."""

import math

import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")

from ant_core.training.network.losses import (  # noqa: E402
    counterpart_loss,
    cycle_loss,
    forward_match_loss,
    label_agreement,
    paper_loss,
    seen_loss,
)


def test_agreement_never_pairs_unsure_labels():
    got = label_agreement(torch.tensor([[1, -1]]), torch.tensor([[1, -1, 2]]))
    assert got.tolist() == [[[1, 0, 0], [0, 0, 0]]]


def test_forward_loss_sums_the_mass_of_equal_labels():
    similarity = torch.log(torch.tensor([[[0.5, 0.25, 0.25]]]))
    two_right = torch.tensor([[[1.0, 1.0, 0.0]]])
    assert forward_match_loss(similarity, two_right).item() == pytest.approx(-math.log(0.75))


def test_forward_loss_is_zero_without_a_right_reference():
    assert forward_match_loss(torch.randn(1, 2, 3), torch.zeros(1, 2, 3)).tolist() == [[0, 0]]


def test_forward_loss_gradient_is_finite_where_nothing_matches():
    similarity = torch.randn(1, 2, 3, requires_grad=True)
    agreement = torch.tensor([[[1.0, 0, 0], [0, 0, 0]]])
    forward_match_loss(similarity, agreement).sum().backward()
    assert torch.isfinite(similarity.grad).all()
    assert similarity.grad[0, 1].abs().sum() == 0


def test_cycle_loss_by_hand():
    # Two segments each; S and T are both [[p, q], [q, p]] for logits (a, 0).
    a = 1.3
    similarity = torch.tensor([[[a, 0.0], [0.0, a]]])
    p = math.exp(a) / (1 + math.exp(a))
    expected = -math.log(p * p + (1 - p) ** 2)
    got = cycle_loss(similarity, torch.ones(1, 2), torch.ones(1, 2))
    assert got.tolist()[0] == pytest.approx([expected, expected], abs=1e-4)


def test_cycle_loss_ignores_padding():
    torch.manual_seed(0)
    small = torch.randn(1, 3, 2)
    padded = torch.full((1, 5, 4), 7.0)
    padded[:, :3, :2] = small
    padded[:, :, 2:] = -1e4
    mask = torch.tensor([[1.0, 1, 1, 0, 0]])
    got = cycle_loss(padded, mask, torch.tensor([[1.0, 1, 0, 0]]))
    assert got[0, :2].tolist() == pytest.approx(
        cycle_loss(small, torch.ones(1, 3), torch.ones(1, 2))[0].tolist(), abs=1e-5
    )
    assert got[0, 2:].tolist() == [0, 0]


def test_counterpart_loss_weighs_missing_ones_four_times():
    agreement = torch.tensor([[[1.0], [0.0]]])
    loss = counterpart_loss(torch.zeros(1, 2), agreement, torch.ones(1, 2))
    assert loss.tolist()[0] == pytest.approx([math.log(2), 4 * math.log(2)])


def test_seen_loss_counts_what_is_known_and_wrong_matches_less():
    seen, is_right = torch.tensor([[1, 1, 0, 0, -1]]), torch.tensor([[1, 0, 1, 0, 1]]) > 0
    loss = seen_loss(torch.tensor([[0.0, 0.0, 0.0, 0.0, 9.0]]), seen, is_right)
    assert loss.tolist()[0] == pytest.approx([math.log(2) * x for x in (1, 0.3, 1, 1, 0)])


def test_paper_loss_falls_when_the_match_gets_better():
    labels = torch.tensor([[0, 1, 2]])
    ones = torch.ones(1, 3)
    batch = {
        "target_label": labels,
        "reference_label": labels,
        "target_mask": ones,
        "reference_mask": ones,
    }
    worse, better = torch.eye(3)[None], 4 * torch.eye(3)[None]
    assert paper_loss(batch, better) < paper_loss(batch, worse)
