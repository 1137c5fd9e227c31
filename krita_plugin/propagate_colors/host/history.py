"""Notices Krita's own undo and redo, for which it has no signal but that of its actions."""

from __future__ import annotations

from typing import Any

import krita

_NAMES = ("edit_undo", "edit_redo")


class History:
    """Tells whether undo or redo was triggered since it was asked last."""

    def __init__(self) -> None:
        self._happened = False
        self._watched: list[Any] = []  # every window has actions of its own

    def happened(self) -> bool:
        """Return it, once."""
        for name in _NAMES:
            action = krita.Krita.instance().action(name)
            if action is not None and not any(action is known for known in self._watched):
                action.triggered.connect(self._note)
                self._watched.append(action)
        happened, self._happened = self._happened, False
        return happened

    def _note(self, *_: Any) -> None:
        self._happened = True
