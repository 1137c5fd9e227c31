"""What training and evaluation read: clips, shots with their truth, and published layouts."""
