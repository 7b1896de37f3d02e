"""Chat templates as transformers renders them, which part of the text is learnt, and the proof. No torch."""
