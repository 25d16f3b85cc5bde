"""Loads with transformers a folder that `latentrl export` wrote, with its tokenizer, and compares tokens,
logits and a greedy answer with those of the program.

Run: latentrl train grpo --world arith --steps 5 --out run && latentrl export run --out model
     python reference/read_export.py target/release/latentrl model "3+1*4?"
"""

import json
import subprocess
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

program, folder, prompt = sys.argv[1:]


def latentrl(*arguments):
    command = [program, "lm", *arguments, "--model", folder, "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
tokenizer = AutoTokenizer.from_pretrained(folder)
ids = tokenizer(prompt, add_special_tokens=False).input_ids
scored = latentrl("score", "--text", prompt)
theirs = [token["id"] for token in scored["tokens"]]
if ids != theirs:
    sys.exit(f"transformers reads {ids}, the program {theirs}")
with torch.no_grad():
    logits = model(torch.tensor([ids])).logits[0, -1]
difference = (logits - torch.tensor(scored["logits"])).abs().max().item()
answer = model.generate(torch.tensor([ids]), do_sample=False, max_new_tokens=20)[0, len(ids) :].tolist()
greedy = latentrl("generate", "--prompt", prompt, "--temperature", "0", "--max-new", "20")
if answer != greedy["completions"][0]["ids"]:
    sys.exit(f"transformers answers {answer}, the program {greedy['completions'][0]['ids']}")
print(f"{folder}: {type(model).__name__}, largest difference {difference:.2e}, {prompt} {tokenizer.decode(answer)}")
if not difference < 1e-4:
    sys.exit(f"{folder}: the logits differ by more than 1e-4")
