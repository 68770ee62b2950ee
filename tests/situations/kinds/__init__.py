"""The situations, by what is unusual about them."""
