"""A signal of the plugin's own, so that state can be watched without Qt."""

from typing import Any, Callable, List


class Signal:
    """Calls what is connected to it, in the order of connection."""

    def __init__(self) -> None:
        self._slots: List[Callable[..., Any]] = []

    def connect(self, slot: Callable[..., Any]) -> None:
        """Call `slot` at every emit from now on."""
        self._slots.append(slot)

    def disconnect(self, slot: Callable[..., Any]) -> None:
        """Call `slot` no more; one that was never connected is no error."""
        # Bound methods are made anew at each access: equal, not identical.
        self._slots = [known for known in self._slots if known != slot]

    def emit(self, *arguments: Any) -> None:
        """Call every slot that is connected now."""
        for slot in tuple(self._slots):
            slot(*arguments)
