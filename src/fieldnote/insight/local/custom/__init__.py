"""Any field by its description. A reader abstains rather than guess."""
