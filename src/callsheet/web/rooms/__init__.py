"""Rooms: everybody who looks at one job at the same moment, over WebSockets.

What is said in a room is written down by the same verbs as over HTTP, and comes to the others by
the job's journal: any server process may hold any of them. Only who is there and where they point
is passed on as it is, and forgotten.
"""
