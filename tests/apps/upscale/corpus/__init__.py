"""Files of every kind, and the proof that ``fca2 upscale`` keeps of each what it says it keeps.

``tools/upscale_corpus.sh`` runs all of it and writes a table; the suite runs a part.
"""
