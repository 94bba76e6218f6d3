"""Connections to other machines.

To addresses that users name, and only those on the public internet (`fetcher`, `pinning`); and what
carries requests to providers, whose addresses the operator sets (`transport`).
"""
