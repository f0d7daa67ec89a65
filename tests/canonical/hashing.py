"""BLAKE3 in pure Python: hash, keyed hash and key derivation, from the BLAKE3 paper."""

IV = (0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19)
PERMUTE = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
CHUNK_START, CHUNK_END, PARENT, ROOT, KEYED, CONTEXT, MATERIAL = (1 << n for n in range(7))
MASK = 0xFFFFFFFF
ROUNDS = ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15), (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14))


def _compress(cv, block, counter, length, flags):
    s = list(cv) + [*IV[:4], counter & MASK, counter >> 32 & MASK, length, flags]
    for turn in range(7):
        for i, (a, b, c, d) in enumerate(ROUNDS):
            for word, (r1, r2) in ((block[2 * i], (16, 12)), (block[2 * i + 1], (8, 7))):
                sa = s[a] + s[b] + word & MASK
                x = s[d] ^ sa
                sd = (x >> r1 | x << 32 - r1) & MASK
                sc = s[c] + sd & MASK
                x = s[b] ^ sc
                s[a], s[b], s[c], s[d] = sa, (x >> r2 | x << 32 - r2) & MASK, sc, sd
        if turn < 6:
            block = [block[i] for i in PERMUTE]
    return [s[i] ^ s[i + 8] for i in range(8)]


def _words(data):
    data = data.ljust(64, b"\0")
    return [int.from_bytes(data[i : i + 4], "little") for i in range(0, 64, 4)]


def _chunk(key, data, counter, flags):
    """The arguments of the chunk's last compression, so that the caller may add ROOT."""
    cv = key
    blocks = [data[i : i + 64] for i in range(0, len(data), 64)] or [b""]
    for n, block in enumerate(blocks):
        mine = flags | (CHUNK_START if n == 0 else 0)
        if n == len(blocks) - 1:
            return cv, _words(block), counter, len(block), mine | CHUNK_END
        cv = _compress(cv, _words(block), counter, 64, mine)


def _tree(key, data, counter, flags):
    chunks = max(1, -(-len(data) // 1024))
    if chunks == 1:
        return _chunk(key, data, counter, flags)
    left = 1 << (chunks - 1).bit_length() - 1
    a = _compress(*_tree(key, data[: left * 1024], counter, flags))
    b = _compress(*_tree(key, data[left * 1024 :], counter + left, flags))
    return key, a + b, 0, 64, flags | PARENT


def _root(key, data, flags):
    cv, block, counter, length, last = _tree(key, data, 0, flags)
    return b"".join(w.to_bytes(4, "little") for w in _compress(cv, block, counter, length, last | ROOT))


def blake3(data):
    return _root(IV, data, 0)


def keyed(key, data):
    return _root(_words(key)[:8], data, KEYED)


def derive_key(context, material):
    return _root(_words(_root(IV, context.encode(), CONTEXT))[:8], material, MATERIAL)
