"""Pages about networks: the dashboard, served by a small web server, and the report, one file.

Both have the same views. A view is a function that returns its data (`views`), and a module of ``page/views`` that
draws it; to add one, add an entry to each of the two lists.
"""
