"""Words that say what a picture shows, in the languages that our sheets are written in.

The words are data, one file for each kind of notion: `shots`, `settings`, `lights`, `hues` and
`things`. A language is added by adding words.
"""
