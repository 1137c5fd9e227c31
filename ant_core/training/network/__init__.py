"""The networks, their losses, training and export; PyTorch only, never imported at inference."""
