"""Models of OpenAI."""
