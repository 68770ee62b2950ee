"""The book itself: the chapters, the exercises as data, and the copies that learners get."""
