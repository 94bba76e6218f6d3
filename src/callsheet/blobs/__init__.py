"""The object store: one protocol over a local folder, memory, S3, Google Cloud and Azure."""
