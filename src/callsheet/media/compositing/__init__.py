"""Products put into scenes, all of it in a process that has no rights.

It lies among the media because it decodes what strangers send: files go in, a file comes out, and
whatever happens between them happens in one forked process (see `callsheet.media.apart`).
"""
