"""Pages that show networks: the dashboard, which a small server serves, and the report, which is one file.

Both have the same views (`views`), each a function here that tells what it shows, and a module of ``page/views`` that
shows it. So one more view is one more entry in each of two lists.
"""
