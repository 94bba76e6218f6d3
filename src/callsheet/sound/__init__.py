"""Sound of films, made here: voice, music, ambience, and the mix. Pure functions over samples.

Samples are float32 at 48 kHz, shape (count,) for one channel and (count, 2) for two. The same plan
gives the same samples.
"""
