"""The datasets on this machine."""
