"""The checks of `ant_core doctor`: whether this installation can colour, and what hinders it."""
