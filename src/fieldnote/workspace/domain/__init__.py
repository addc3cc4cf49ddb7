"""The rules of the workspace, without HTTP."""
