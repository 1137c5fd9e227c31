"""A source of clips: characters that artists drew, free of conditions, composed of parts."""
