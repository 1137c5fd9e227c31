"""Many shots: the list of them, the processes that colour them, the summary of the night."""
