"""Jobs: work in steps between which Krita's event loop turns."""
