"""What is thrown at handgrad, for the tests and for tools/stress: spoilt files, servers that misbehave, kills."""
