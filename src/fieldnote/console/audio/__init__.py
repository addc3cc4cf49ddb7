"""The sound of a recording, passed on from Siro: the browser never sees Siro's signed address."""
