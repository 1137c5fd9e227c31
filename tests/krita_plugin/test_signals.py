"""The plugin's own signal."""

from krita_plugin.propagate_colors.signals import Signal


def test_signals_call_in_order_and_no_more_after_disconnect():
    class Listener:
        def __init__(self):
            self.heard = []

        def hear(self, *what):
            self.heard.append(what)

    signal, listener = Signal(), Listener()
    signal.connect(listener.hear)
    signal.connect(lambda *what: signal.disconnect(listener.hear))
    signal.emit(1, "a")
    signal.emit(2)
    assert listener.heard == [(1, "a")]
    signal.disconnect(listener.hear)
