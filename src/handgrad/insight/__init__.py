"""What a trained network does: how well it reads, how far its confidence can be trusted, and why."""
