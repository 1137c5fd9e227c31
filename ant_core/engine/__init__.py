"""The process that a painting program starts: its protocol, its loop, and what it works on."""
