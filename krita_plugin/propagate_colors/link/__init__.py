"""The engine as a child process: how it is found and started, and the messages to and from it."""
