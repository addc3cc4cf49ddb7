"""`fieldnote init`: from a CRM's tables to a fieldnote.yaml that a person reads over. Pure but for the look itself."""
