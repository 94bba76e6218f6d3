"""Workflows for a ComfyUI server of one's own."""
