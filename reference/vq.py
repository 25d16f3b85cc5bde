"""Golden values for vector quantisation with moving-average codes, from NumPy.

Run: python reference/vq.py > crates/nets/tests/data/vq.json
"""

import json

import numpy as np

CODEBOOKS, SLOTS, DIMENSIONS, CODES = 2, 2, 3, 4
DECAY, SMOOTHING, COMMITMENT = 0.9, 1e-2, 0.25
ROWS, BATCHES = 5, 4

random = np.random.default_rng(11)


def rounded(array):
    return np.round(np.asarray(array, dtype=np.float64), 9).ravel().tolist()


def quantise(latent, codes):
    """Codes, indices, commitment loss and perplexities of one batch."""
    points = latent.reshape(ROWS, CODEBOOKS, SLOTS, DIMENSIONS)
    snapped = np.zeros_like(points)
    indices = np.zeros((CODEBOOKS, ROWS, SLOTS), dtype=int)
    for row in range(ROWS):
        for book in range(CODEBOOKS):
            for slot in range(SLOTS):
                distance = ((points[row, book, slot] - codes[book]) ** 2).sum(axis=1)
                indices[book, row, slot] = distance.argmin()
                snapped[row, book, slot] = codes[book][distance.argmin()]
    share = np.stack([np.bincount(i.ravel(), minlength=CODES) / i.size for i in indices])
    entropy = -(share * np.log(np.where(share > 0, share, 1.0))).sum(axis=1)
    loss = COMMITMENT * ((points - snapped) ** 2).mean()
    return snapped.reshape(ROWS, -1), indices, loss, np.exp(entropy)


def follow(latent, indices, count, total):
    """The statistics after one batch."""
    points = latent.reshape(ROWS, CODEBOOKS, SLOTS, DIMENSIONS)
    for book in range(CODEBOOKS):
        flat, chosen = points[:, book].reshape(-1, DIMENSIONS), indices[book].ravel()
        got = np.bincount(chosen, minlength=CODES)
        count[book] = DECAY * count[book] + (1 - DECAY) * got
        n = count[book].sum()
        count[book] = (count[book] + SMOOTHING) / (n + CODES * SMOOTHING) * n
        added = np.stack([flat[chosen == code].sum(axis=0) for code in range(CODES)])
        total[book] = DECAY * total[book] + (1 - DECAY) * added
    return count, total, total / count[..., None]


codes = random.uniform(-1, 1, (CODEBOOKS, CODES, DIMENSIONS))
count, total = np.zeros((CODEBOOKS, CODES)), codes.copy()
result = {"codes": rounded(codes), "batches": []}
for _ in range(BATCHES):
    latent = random.normal(size=(ROWS, CODEBOOKS * SLOTS * DIMENSIONS))
    out, indices, loss, perplexity = quantise(latent, codes)
    count, total, codes = follow(latent, indices, count, total)
    result["batches"].append({
        "latent": rounded(latent), "quantised": rounded(out), "indices": rounded(indices),
        "commitment": rounded([loss]), "perplexity": rounded(perplexity),
        "count": rounded(count), "sum": rounded(total), "codes": rounded(codes),
    })
print(json.dumps(result))
