"""Shots acted out: figures in poses, what they hold, where they are, how it is framed."""
