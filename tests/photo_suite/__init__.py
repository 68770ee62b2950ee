"""Pictures of digits made by a program, and how many of them are read: python tests/photo_suite."""
