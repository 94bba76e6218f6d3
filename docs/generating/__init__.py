"""One module for each page of docs/reference that comes from code; each has a `page()`."""
