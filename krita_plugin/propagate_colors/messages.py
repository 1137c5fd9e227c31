"""What the docker says: one sentence at a time, of one document, for as long as it is true."""

from __future__ import annotations

from typing import Any, Callable, Hashable, NamedTuple, Sequence, Tuple

Action = Tuple[str, Callable[[], Any]]  # what its button says, and what it does


class Message(NamedTuple):
    """A sentence, up to two answers, and how long it is true."""

    level: str
    text: str
    actions: tuple[Action, ...] = ()
    # Tells whether it still is, of the document in front; None: nothing makes it untrue.
    holds: Callable[[], bool] | None = None


NOTHING = Message("info", "")
_ANY = object()  # facts of a document that is not in front: those that it has then


class Messages:
    """The last message of every document; one goes when what it spoke of is otherwise."""

    def __init__(self, show: Callable[[Message], None]) -> None:
        self._show = show
        self._said: dict[Hashable, tuple[Message, Any]] = {}
        self._front: Hashable = None

    def say(self, message: Message, facts: Any) -> None:
        """Show a message of the document in front, true for as long as `facts` are the same."""
        self._said[self._front] = (message, facts)
        self._show(message)

    def keep(self, document: Hashable, message: Message) -> None:
        """Show a message when the document that it is of comes in front."""
        self._said[document] = (message, _ANY)

    def close(self) -> None:
        """The artist has read or answered the message: it does not come again."""
        self._said.pop(self._front, None)
        self._show(NOTHING)

    def turn_to(self, document: Hashable, facts: Any, open_ones: Sequence[Hashable]) -> None:
        """Show what was last said of another document, if it is still so."""
        if document == self._front:
            return
        self._front = document
        self._said = {key: kept for key, kept in self._said.items() if key in open_ones}
        message, of = self._said.get(document, (NOTHING, None))
        if of is _ANY:
            of = facts
            self._said[document] = (message, facts)
        if document is None and not message.text:
            return  # what is shown is of the document that was closed, or of none
        self._show(message if of == facts and _holds(message) else NOTHING)

    def check(self, facts: Any) -> None:
        """Take the message away when what it spoke of has changed."""
        message, of = self._said.get(self._front, (NOTHING, None))
        # What a job did stays true when other frames are looked at; so does a closing.
        bound = message.level != "info" and self._front is not None and of != facts
        if bound or not _holds(message):
            self._said.pop(self._front)
            self._show(NOTHING)


def _holds(message: Message) -> bool:
    return message.holds is None or message.holds()
