"""Where a run writes: a folder or a Krita document, its report and its contact sheet."""
