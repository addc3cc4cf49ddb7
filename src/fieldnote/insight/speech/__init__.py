"""Speech to text: audio files become utterances with times, by an engine on this machine or behind an endpoint."""
