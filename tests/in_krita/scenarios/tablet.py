"""Events of a tablet's pen, as Qt sends them to a widget; PyQt5 and PyQt6 make them otherwise."""

from krita_plugin.propagate_colors.qt import Qt, QtCore, QtGui, QtWidgets


def send_pen(widget, kind, pressed=None, at=(5, 5)):
    """Send a pen's event of this name: "TabletPress", "TabletMove" or "TabletRelease"."""
    if pressed is None:
        pressed = kind == "TabletPress"
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    buttons, pressure = (left, 0.5) if pressed else (none, 0.0)
    place, modifiers = QtCore.QPointF(*at), Qt.KeyboardModifier.NoModifier
    type_ = getattr(QtCore.QEvent.Type, kind)
    if hasattr(QtGui, "QPointingDevice"):
        device = QtGui.QPointingDevice.primaryPointingDevice()
        event = QtGui.QTabletEvent(
            type_, device, place, place, pressure, 0, 0, 0.0, 0.0, 0, modifiers, left, buttons
        )
    else:
        pen = QtGui.QTabletEvent
        event = QtGui.QTabletEvent(
            type_, place, place, pen.Stylus, pen.Pen, pressure, 0, 0, 0.0, 0.0, 0, modifiers, 1,
            left, buttons,
        )  # fmt: skip
    QtWidgets.QApplication.sendEvent(widget, event)
