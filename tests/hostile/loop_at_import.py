"""Never gets to the end of its own first line."""


class Now:
    while True:
        pass
