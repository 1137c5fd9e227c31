"""Plain data of a shot: frames, drawings, references, hints, model sheets."""
