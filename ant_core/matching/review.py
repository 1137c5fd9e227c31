"""Which confidence counts as doubtful; apart, because every command line reads it."""

__all__ = ["REVIEW_BELOW"]

REVIEW_BELOW = 0.6  # confidence under which a segment counts as doubtful, unless options say more
