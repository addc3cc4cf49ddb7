"""A conversation with its speakers' roles, its sentences, and the questions that they answer. Pure."""
