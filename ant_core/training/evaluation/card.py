"""What a model card says beyond the model file: sources, splits, figures, pictures."""

from __future__ import annotations

from collections.abc import Mapping

from ant_core.errors import InputError
from ant_core.reporter import markdown_table
from ant_core.training.data.splits import CHARACTERS, FRESH_FIGURES, Split

__all__ = ["card_notes", "splits_section"]

_SOURCES_HEAD = "## Drawings and data"
_SPLIT_RULES = """\
No character, part, puppet or clip of movement is in two splits; a place in a sorted list decides,
never a draw. Pictures for surfaces may be: one palette of Mesh2Motion colours figures of train and
of fresh alike. Its swatches divide them into parts; networks see the lines about parts alone.

- Parts of the 2D puppets, by their place in the sorted list of a category: 0 modulo 10 is
  validation's, 5 modulo 10 test's.
- Clips of movement, by their place in the sorted list of a pack: 4 modulo 8 is validation's, 0
  modulo 8 test's. A held-out character plays held-out clips alone.
- Drawn ink trains nothing: validation is one puppet in side view, test the same puppet in front
  view in poses of its own. It is one figure, so it says nothing of others.
- "test" has been looked at with every release and is a second validation by now. The fresh split
  is the test: figures and movements that lay unused, frozen by hash before any score.
- 3D characters held out:"""


def card_notes(
    notes: str, third_party: str, proof: str = "", pictures: Mapping[str, str] | None = None
) -> str:
    """Return the sections that follow what the model file says of itself, as Markdown.

    Parameters
    ----------
    notes : str
        Written by hand: data, training, limits.
    third_party : str
        THIRD_PARTY.md, whose list of drawings and data is taken over.
    proof : str
        The tables that `evaluation.proof.as_markdown` wrote; none where empty.
    pictures : dict of str to str
        Caption by file name; the files lie beside the card.

    Raises
    ------
    InputError
        When `third_party` lists no drawings and data.
    """
    sections = [notes.strip(), _sources_section(third_party), splits_section()]
    if proof.strip():
        sections.append(
            "## Measured\n\nOn shots that trained nothing; in brackets the 95 % interval over "
            "shots. Anchors were published for other pictures. `ant_paper` saw other clips and "
            f"fewer pairs than this model: the columns compare no networks.\n\n{proof.strip()}"
        )
    shown = [f"{caption}:\n\n![{caption}]({name})" for name, caption in (pictures or {}).items()]
    if shown:
        sections.append("\n\n".join(["## Pictures", *shown]))
    return "\n\n".join(section for section in sections if section) + "\n"


def _sources_section(third_party: str) -> str:
    """Return licence and credit of every source of data, from THIRD_PARTY.md."""
    _, head, rest = third_party.partition(_SOURCES_HEAD + "\n")
    section = rest.partition("\n## ")[0].strip()
    if not head or "|" not in section:
        raise InputError(
            f"the list of third parties has no table below {_SOURCES_HEAD!r}: give THIRD_PARTY.md"
        )
    return f"## Sources, licences and credits\n\n{section}"


def splits_section() -> str:
    """Return which characters, parts and movements belong to which split."""
    held_out: tuple[Split, ...] = ("validation", "test")
    rows = [["pack", *held_out]]
    for pack, characters in CHARACTERS.items():
        cells = [
            ", ".join(sorted(name for name, split in characters.items() if split == wanted))
            for wanted in held_out
        ]
        rows.append([pack, *cells])
    table = markdown_table(rows, text_columns=len(rows[0]))
    fresh = f"Fresh, all of mesh2motion: {', '.join(FRESH_FIGURES)}."
    return f"## Splits\n\n{_SPLIT_RULES}\n\n{table}\n\n{fresh}"
