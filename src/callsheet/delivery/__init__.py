"""Handing over: links, contact sheets, result tables and the ledger object."""
