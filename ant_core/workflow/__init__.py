"""One shot from options to report: a folder, a Krita document, or several cels."""
