"""The studio's drawing hand: storyboard frames and contact sheets, pure functions on Pillow."""
