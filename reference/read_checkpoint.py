"""Loads with transformers a folder written by this project and compares logits.

Run: cargo run --release -p learn --example export_checkpoint -- FOLDER
     python reference/read_checkpoint.py FOLDER/*

Each folder holds a checkpoint and `expected.json` with `ids [B][T]` and the flat `logits [B, T, V]`.
"""

import json
import pathlib
import sys

import torch
from transformers import AutoModelForCausalLM

for name in sys.argv[1:]:
    folder = pathlib.Path(name)
    expected = json.loads((folder / "expected.json").read_text())
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    with torch.no_grad():
        logits = model(input_ids=torch.tensor(expected["ids"])).logits
    difference = (logits.flatten() - torch.tensor(expected["logits"])).abs().max().item()
    print(f"{name}: {type(model).__name__}, largest difference {difference:.2e}")
    if not difference < 1e-4:
        sys.exit(f"{name}: the logits differ by more than 1e-4")
