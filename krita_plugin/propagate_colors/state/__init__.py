"""What the plugin knows of a document and its frames; no widgets, no call of Krita."""
