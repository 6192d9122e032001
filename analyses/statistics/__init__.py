"""Statistics that several families of analyses need: numbers in, numbers out; no family is known here."""
