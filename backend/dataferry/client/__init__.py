"""Python programs as clients of Dataferry: the connection to a server, and datasets loaded as tables.

``import dataferry`` is the public face of it.
"""
