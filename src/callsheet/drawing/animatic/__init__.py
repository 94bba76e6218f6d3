"""Moving pictures of the animatic: storyboard drawings with a camera, life and words.

Frames are planes of luma and chroma, which an encoder takes as they are: nothing goes by way of RGB
for each frame. Every frame can be drawn by itself, and is the same each time.
"""
