"""The `llm` method: one structured call to a chat endpoint for each conversation, checked like every other value."""
