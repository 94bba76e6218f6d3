"""Models of KIE.ai."""
