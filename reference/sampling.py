"""Golden values for the rules of sampling, from the logits processors that transformers makes of the
same rules.

Run: python reference/sampling.py > crates/nets/tests/data/sampling.json
"""

import json

import torch
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM
from transformers.generation.logits_process import LogitsProcessorList

VOCABULARY, END = 12, 3

config = LlamaConfig(
    vocab_size=VOCABULARY, hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=1
)
model = LlamaForCausalLM(config)

RULES = [
    {},
    {"temperature": 0.6},
    {"temperature": 1.7},
    {"top_k": 4},
    {"top_p": 0.7},
    {"top_p": 0.05},
    {"min_p": 0.2},
    {"repetition_penalty": 1.4},
    {"repetition_penalty": 0.8},
    {"min_new_tokens": 3},
    {"min_new_tokens": 2},
    {"sequence_bias": [[[5], 2.5], [[0], -1.5], [[3], -100.0]]},
    {"temperature": 0.8, "top_k": 6, "top_p": 0.8, "min_p": 0.05},
    {"temperature": 1.3, "top_k": 8, "top_p": 0.9, "repetition_penalty": 1.2, "min_new_tokens": 4},
    {"temperature": 0.5, "min_p": 0.3, "repetition_penalty": 1.1, "sequence_bias": [[[7], 1.0]]},
]


def probabilities(rules, logits, prompt, drawn):
    generation = GenerationConfig(do_sample=True, eos_token_id=END, **{"top_k": 0, **rules})
    model._prepare_special_tokens(generation, kwargs_has_attention_mask=True, device="cpu")
    processors = model._get_logits_processor(
        generation,
        input_ids_seq_length=len(prompt),
        logits_processor=LogitsProcessorList(),
        device="cpu",
    )
    ids = torch.tensor([prompt + drawn])
    return processors(ids, torch.tensor([logits])).softmax(-1)[0].tolist()


generator = torch.Generator().manual_seed(11)
cases = []
for index, rules in enumerate(RULES):
    logits = [round(value, 4) for value in (2 * torch.randn(VOCABULARY, generator=generator)).tolist()]
    prompt, drawn = [1, 5, 9, 5], [2, 7]
    cases.append(
        {
            "rules": rules,
            "logits": logits,
            "prompt": prompt,
            "drawn": drawn,
            "probabilities": [round(value, 8) for value in probabilities(rules, logits, prompt, drawn)],
        }
    )
print(json.dumps({"end": END, "cases": cases}))
