"""Both hubs' whole catalogues as a full-text index on this machine.

Each hub publishes its catalogue as a dataset (``snapshots``). A process of its own reads it and builds the
index (``process``, ``build``); the server opens it at the first search (``handle``) and asks it before the
hub.
"""
