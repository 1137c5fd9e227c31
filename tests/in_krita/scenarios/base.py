"""What scenarios share. They run in the real Krita and on the mock alike: krita's names only."""

import os

import krita

from krita_plugin.propagate_colors.host import steps
from krita_plugin.propagate_colors.host.document import Document, Host, HostError

# Krita's layer list still works on its last changes for up to half a second. A document that is
# closed before that takes Krita down (KisNodeModel::processUpdateQueue), in every version.
REST_SECONDS = 0.7

SIZE = (64, 48)


class Context:
    """One scenario's surroundings."""

    def __init__(self, name, out):
        self.name = name
        self.out = out
        self.values = {}  # figures worth keeping
        self.errors_expected = False
        self.krita = krita.Krita.instance()
        self.host = Host()

    def file(self, name):
        return os.path.join(str(self.out), f"{self.name.replace(':', '_')}_{name}")

    def new_document(self, model="RGBA", depth="U8", size=SIZE, name="test"):
        """Make a document with a view; returns the plugin's Document."""
        raw = self.krita.createDocument(*size, name, model, depth, "", 72.0)
        self.krita.activeWindow().addView(raw)
        yield from self.settle(raw, 0.3)
        return Document(raw)

    def open_document(self, path):
        raw = self.krita.openDocument(str(path))
        self.krita.activeWindow().addView(raw)
        yield from self.settle(raw, 0.3)
        return Document(raw)

    def close(self, document):
        yield REST_SECONDS
        document.raw.setModified(False)
        document.raw.close()
        yield 0.1

    def settle(self, raw, seconds=0.05):
        raw.waitForDone()
        yield seconds
        raw.waitForDone()
        yield

    def add_layer(self, document, name, kind="paintlayer", parent=None, still=True):
        """Add a layer on top (of the group `parent`); returns its id."""
        node = document.raw.createNode(name, kind)
        (parent or document.raw.rootNode()).addChildNode(node, None)
        yield from self.settle(document.raw)
        uuid = node.uniqueId().toString()
        if not still:
            yield from steps.make_key(document, uuid, 0)
        return uuid

    def layers(self, document, count=1):
        """Add so many animated layers; returns their ids."""
        uuids = []
        for number in range(count):
            uuid = yield from self.add_layer(document, f"Layer {number}", still=False)
            uuids.append(uuid)
        return uuids

    def activate(self, document, uuid):
        for _ in range(50):
            if document.active_layer_uuid() == uuid:
                return
            document.raw.setActiveNode(document.layer(uuid).node)
            yield 0.02
        raise AssertionError("the layer did not become active")

    def action(self, document, name, seconds=0.05):
        self.krita.action(name).trigger()
        yield from self.settle(document.raw, seconds)

    def paint(self, document, uuid, t, red, green, blue):
        """Fill the frame as an artist would: a stroke that undo knows."""
        yield from self.activate(document, uuid)
        yield from steps.goto(document, t)
        color = krita.ManagedColor("RGBA", "U8", "")
        color.setComponents([blue / 255, green / 255, red / 255, 1.0])
        self.krita.activeWindow().activeView().setForeGroundColor(color)
        yield from self.action(document, "fill_selection_foreground_color")

    def canvas(self, document):
        return (0, 0, document.width, document.height)

    def pixels(self, document, uuid, t):
        """Return the whole frame's bytes, or None without a keyframe or layer there."""
        layer = document.layer(uuid)
        if layer is None or not layer.has_key(t):
            return None
        return layer.read(t, self.canvas(document))

    def noise(self, document, uuid, seed):
        """Return a frame's worth of bytes that no other seed gives."""
        count = document.width * document.height * document.layer(uuid).pixel_size
        return bytes((i * (7 + 2 * seed) + seed * 31) % 251 for i in range(count))

    def refused(self, job):
        """Run steps that must fail with a sentence for the artist; returns it."""
        try:
            yield from job
        except HostError as error:
            text = str(error)
            assert text.endswith("."), text
            assert text[0].isupper(), text
            return text
        raise AssertionError("nothing was refused")

    def history(self, document, uuid, t, action, limit=30):
        """Press undo or redo to the end; returns the different states of the frame on the way."""
        states = [self.pixels(document, uuid, t)]
        for _ in range(limit):
            if not self.krita.action(action).isEnabled():
                break
            yield from self.action(document, action)
            state = self.pixels(document, uuid, t)
            if state != states[-1]:
                states.append(state)
        return states
