"""What is inside the datasets that are here: their tables, whole.

::

    <store>/.tables/<sha256><suffix>/table.json          what a file holds, or why it is no table
    <store>/.tables/<sha256><suffix>/0-00000.parquet …   its rows; none for Parquet that is read as it is
    <store>/.tables/<sha256><suffix>/statistics-….json   of the table that begins with this file

A file's folder is named after its content, so that datasets that share a file share its rows, and an update
keeps those of files that stayed as they were.
"""
