"""The engine pack: what the plugin downloads or is given, checks, unpacks, tries and uses."""
