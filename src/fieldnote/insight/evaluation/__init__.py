"""How well a method does on conversations whose right values are known. Pure but for reading the folder."""
