"""A source of clips: skeletal 3D characters among things."""
