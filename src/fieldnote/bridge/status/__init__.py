"""Status: the state of every appointment and recording, health, alerts, and explain."""
