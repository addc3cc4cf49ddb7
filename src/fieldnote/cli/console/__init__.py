"""`fieldnote console`, and the console beside other servers."""
