"""The local method: passages, questions with their answers, and typed readers. Offline and deterministic."""
