"""Pictures, moving pictures and sound: drawn, examined, cut."""
