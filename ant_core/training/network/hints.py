"""Known colours joined to tokens by concatenation and attention, instead of by voting.

After "Line Art Colorization with Concatenated Spatial Attention", section 3.1: what is known of
the colours is concatenated to the input; then a block concatenates its features to the processed
input, turns both into an attention map in (0, 1), and adds the processed input times that map to
the input. There a map covers the pixels of a picture, here the segments of a drawing. The block
stands once, before the transformer, so that matching itself stays as it is.

A colour is given as a code, a random vector that is new for every sample: colours mean nothing
but that equal ones are equal.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["KNOWN", "HintJoin", "color_codes", "random_hints"]

_CODE = 16  # numbers a code; random directions of so many are far from each other
KNOWN = _CODE  # column of a code that is 1 where the colour is known

_BLIND_SHARE = 0.2  # of samples are matched without any colour
_HINTED_SHARE = 0.2  # largest share of target segments whose colour is given


class HintJoin(nn.Module):
    """Take codes of known colours into tokens."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.enter = nn.Linear(features + _CODE + 1, features)
        self.color = nn.Linear(_CODE + 1, features)
        self.process = nn.Linear(features, features)
        self.attention = nn.Sequential(
            nn.Linear(2 * features, features), nn.ReLU(), nn.Linear(features, features)
        )

    def forward(self, tokens: Tensor, codes: Tensor) -> Tensor:
        """tokens: (B, N, D); codes: (B, N, C), zeros where no colour is known."""
        x = tokens + self.enter(torch.cat([tokens, codes], dim=-1))
        processed = self.process(x).relu()
        both = torch.cat([processed, self.color(codes)], dim=-1)
        return x + self.attention(both).sigmoid() * processed


def color_codes(*colors: Tensor) -> list[Tensor]:
    """Draw a code for every colour of every sample.

    colors: (B, N) integers each, alike in B, negative = not known; equal colours of a sample get
    equal codes across all of them. Returns (B, N, C) each, zeros where not known.
    """
    count = max(int(color.max()) for color in colors) + 1
    table = torch.randn(len(colors[0]), max(count, 1), _CODE, device=colors[0].device)
    table = torch.cat([table, torch.ones_like(table[..., :1])], dim=-1)  # `KNOWN`
    codes = []
    for color in colors:
        rows = color.clamp(min=0)[..., None].expand(-1, -1, table.shape[-1])
        codes.append(table.gather(1, rows) * (color >= 0)[..., None])
    return codes


def random_hints(reference: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Choose which colours a training sample knows.

    (B, M) and (B, N) true colours, negative = not known -> the same with others hidden: most
    samples know all reference colours and up to a fifth of the target's.
    """
    batch, device = len(target), target.device
    seeing = torch.rand(batch, 1, device=device) >= _BLIND_SHARE
    share = torch.rand(batch, 1, device=device) * _HINTED_SHARE
    given = (torch.rand(target.shape, device=device) < share) & seeing
    return reference.where(seeing, -1), target.where(given, -1)
