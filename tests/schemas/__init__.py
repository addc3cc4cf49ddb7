"""CRMs of other kinds, each with the same appointments, reps, customers and deals in tables of its own."""
