"""The engine set up from the docker, as an artist does it, and the sample opened and coloured."""
