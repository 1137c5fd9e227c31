"""Networks that paint pixels, as the seed papers have them: measured beside the product."""
