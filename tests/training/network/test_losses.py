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
    relative_loss,
    seen_loss,
)

ONE = torch.tensor([1])  # reference a sample


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
    got = cycle_loss(similarity, torch.ones(1, 2), torch.ones(1, 2), ONE)
    assert got.tolist()[0] == pytest.approx([expected, expected], abs=1e-4)


def test_cycle_loss_ignores_padding():
    torch.manual_seed(0)
    small = torch.randn(1, 3, 2)
    padded = torch.full((1, 5, 4), 7.0)
    padded[:, :3, :2] = small
    padded[:, :, 2:] = -1e4
    mask = torch.tensor([[1.0, 1, 1, 0, 0]])
    got = cycle_loss(padded, mask, torch.tensor([[1.0, 1, 0, 0]]), ONE)
    assert got[0, :2].tolist() == pytest.approx(
        cycle_loss(small, torch.ones(1, 3), torch.ones(1, 2), ONE)[0].tolist(), abs=1e-5
    )
    assert got[0, 2:].tolist() == [0, 0]


@pytest.mark.parametrize("references", [1, 2, 5])
def test_perfect_matches_cost_nothing_whatever_the_number_of_references(references):
    # Three parts, each once in every reference, matched with all of its copies alike.
    similarity = (40 * torch.eye(3)).repeat(1, references)[None]
    count = torch.tensor([references])
    got = cycle_loss(similarity, torch.ones(1, 3), torch.ones(1, 3 * references), count)
    assert got[0].tolist() == pytest.approx([0] * 3 * references, abs=1e-5)


def batch_of(target, reference, references=1):
    """Labels and colours of one sample, all segments real."""
    target, reference = (torch.tensor([side]) for side in (target, reference))
    return {
        "target_label": target,
        "reference_label": reference,
        "target_color": target // 2,
        "reference_color": reference // 2,
        "target_mask": torch.ones(target.shape),
        "reference_mask": torch.ones(reference.shape),
        "target_seen": torch.full(target.shape, -1),
        "references": torch.tensor([references]),
    }


def test_the_cycle_loss_weighs_the_same_with_more_references():
    torch.manual_seed(0)
    similarity = torch.randn(1, 3, 3)
    one = batch_of([0, 1, 2], [0, 1, 2])
    two = batch_of([0, 1, 2], [0, 1, 2] * 2, 2)
    alone = paper_loss(one, similarity) - paper_loss(one, similarity, 0.0)
    twice = similarity.repeat(1, 1, 2)
    both = paper_loss(two, twice) - paper_loss(two, twice, 0.0)
    assert both.item() == pytest.approx(alone.item(), rel=1e-4)
    heads = torch.zeros(1, 3), torch.zeros(1, 3)
    ours = [
        relative_loss(batch, some, *heads, 0.3) - relative_loss(batch, some, *heads)
        for batch, some in ((one, similarity), (two, twice))
    ]
    assert ours[0].item() == pytest.approx(0.3 * 4 * alone.item() / 3, rel=1e-4)
    assert ours[1].item() == pytest.approx(ours[0].item(), rel=1e-4)


def test_colours_forgive_what_parts_and_the_cycle_do_not():
    # Parts 0 and 1 share a colour and both match part 0: a shortcut that colours alone allow.
    shortcut = torch.tensor([[[40.0, 0.0], [40.0, 0.0]]])
    batch = batch_of([0, 1], [0, 1])
    assert paper_loss(batch, shortcut, 0.0, "colors").item() == pytest.approx(0, abs=1e-4)
    assert paper_loss(batch, shortcut, 0.0, "parts").item() == pytest.approx(40, abs=1e-3)
    assert paper_loss(batch, shortcut, 0.25, "colors").item() > 1


def test_mixed_labels_compare_every_other_sample_by_colours():
    one = batch_of([0, 1], [0, 1])
    both = {key: torch.cat([value, value]) for key, value in one.items()}
    shortcut = torch.tensor([[[40.0, 0.0], [40.0, 0.0]]]).repeat(2, 1, 1)
    assert paper_loss(both, shortcut, 0.0, "mixed").item() == pytest.approx(20, abs=1e-3)


def test_counterpart_loss_weighs_missing_ones_four_times():
    agreement = torch.tensor([[[1.0], [0.0]]])
    loss = counterpart_loss(torch.zeros(1, 2), agreement, torch.ones(1, 2))
    assert loss.tolist()[0] == pytest.approx([math.log(2), 4 * math.log(2)])


def test_seen_loss_counts_what_is_known_and_wrong_matches_less():
    seen, is_right = torch.tensor([[1, 1, 0, 0, -1]]), torch.tensor([[1, 0, 1, 0, 1]]) > 0
    loss = seen_loss(torch.tensor([[0.0, 0.0, 0.0, 0.0, 9.0]]), seen, is_right)
    assert loss.tolist()[0] == pytest.approx([math.log(2) * x for x in (1, 0.3, 1, 1, 0)])


def test_paper_loss_falls_when_the_match_gets_better():
    batch = batch_of([0, 1, 2], [0, 1, 2])
    worse, better = torch.eye(3)[None], 4 * torch.eye(3)[None]
    assert paper_loss(batch, better) < paper_loss(batch, worse)
