"""Models on Vertex AI."""
