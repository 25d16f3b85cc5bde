"""Writes crates/worlds/data/digits8/digits8.bin: one row of 65 bytes per image, 64 intensities from 0 to 16
(row by row) and then the digit, in scikit-learn's order."""

import pathlib

import numpy as np
from sklearn.datasets import load_digits

digits = load_digits()
rows = np.column_stack([digits.data, digits.target])
assert rows.shape == (1797, 65) and (rows == rows.astype(np.uint8)).all() and rows[:, :64].max() == 16
place = pathlib.Path(__file__).parent.parent / "crates/worlds/data/digits8/digits8.bin"
place.write_bytes(rows.astype(np.uint8).tobytes())
