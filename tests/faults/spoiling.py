"""Copies of files with something changed, drawn from a generator: the same generator gives the same copies."""

INSERTED = (b"nan", b",,,", b"\n\n", b"-1", b"1e999", b'"', b"\0", b"0.5", b"(10**9,)", b"|O8")


def spoilt(whole, rng, header=None):
    """One to three bytes changed, cuts and insertions; four of five within the header where its length is given."""
    mutant = bytearray(whole)
    for _ in range(rng.integers(1, 4)):
        end = len(mutant) if header is None or rng.random() >= 0.8 else header
        at = int(rng.integers(0, min(end, len(mutant)) + 1))
        match rng.integers(0, 3):
            case 0 if at < len(mutant):
                mutant[at] = rng.integers(0, 256)
            case 1:
                del mutant[at : at + int(rng.integers(1, 9))]
            case _:
                mutant[at:at] = rng.bytes(int(rng.integers(1, 9)))
    return bytes(mutant)


def spoilt_picture(whole, rng, cut=False):
    """One to four bytes changed; cut off at any place if asked to."""
    mutant = bytearray(whole)
    for _ in range(rng.integers(1, 5)):
        mutant[int(rng.integers(0, len(mutant)))] = rng.integers(0, 256)
    if cut:
        del mutant[int(rng.integers(0, len(mutant))) :]
    return bytes(mutant)


def spoilt_text(whole, rng):
    """Bytes changed, cut, inserted, doubled or moved, near the beginning rather than the end: also of tables."""
    mutant = bytearray(whole)
    at = int(rng.integers(min(len(mutant), rng.choice([64, 512, len(mutant)])))) if mutant else 0
    way = rng.integers(6)
    if way == 0 and mutant:
        for _ in range(rng.integers(1, 9)):
            mutant[int(rng.integers(len(mutant)))] = int(rng.integers(256))
    elif way == 1:
        del mutant[at:]
    elif way == 2:
        del mutant[at : at + int(rng.integers(1, 50))]
    elif way == 3:
        mutant[at : at + 4] = rng.choice([b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0"])
    elif way == 4:
        mutant[at:at] = INSERTED[rng.integers(len(INSERTED))]
    else:
        mutant[at : at + 50], mutant[-50:] = mutant[-50:], mutant[at : at + 50]
    return bytes(mutant)
