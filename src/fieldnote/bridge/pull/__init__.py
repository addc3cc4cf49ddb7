"""Pull: what was said in a recording goes into CRM fields and notes."""
