"""Golden values for decoders of the Llama family, from transformers and PyTorch.

Run: python reference/language_models.py crates/nets/tests/data/lm

For a tiny random Llama (with Llama 3's scaling and grouped heads, in shards), Qwen 2 (bfloat16) and
Qwen 3 (float16), each in a folder of its own: the checkpoint as transformers writes it; logits, hidden
states and greedy continuations of a batch with left padding, and logits from embeddings
(`expected.json`); the loss, its gradients and the weights after one step of AdamW (`step.safetensors`).
Everything is computed in float64 from the stored weights.
"""

import json
import pathlib
import sys

import torch
from safetensors.torch import save_file
from transformers import (AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM,
                          Qwen3Config, Qwen3ForCausalLM)

COMMON = dict(vocab_size=40, hidden_size=16, intermediate_size=24, num_hidden_layers=2,
              max_position_embeddings=64, initializer_range=0.3, pad_token_id=0, bos_token_id=1, eos_token_id=2)
SCALING = dict(rope_type="llama3", factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0,
               original_max_position_embeddings=16)
MODELS = {
    "llama": (LlamaForCausalLM, LlamaConfig(
        **COMMON, num_attention_heads=4, num_key_value_heads=2, rms_norm_eps=1e-5, tie_word_embeddings=False,
        rope_parameters=dict(SCALING, rope_theta=500.0)), torch.float32),
    "qwen2": (Qwen2ForCausalLM, Qwen2Config(
        **COMMON, num_attention_heads=2, num_key_value_heads=1, rms_norm_eps=1e-6, tie_word_embeddings=True,
        rope_parameters=dict(rope_type="default", rope_theta=1000.0)), torch.bfloat16),
    "qwen3": (Qwen3ForCausalLM, Qwen3Config(
        **COMMON, num_attention_heads=4, num_key_value_heads=2, head_dim=6, rms_norm_eps=1e-6,
        tie_word_embeddings=False, rope_parameters=dict(rope_type="default", rope_theta=1000.0)), torch.float16),
}
IDS = [[0, 0, 5, 17, 33, 8, 21], [3, 39, 12, 12, 4, 30, 9]]
PRESENT = [[0, 0, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1, 1]]


def rounded(tensor):
    tensor = tensor.nan_to_num()
    return [float(f"{value:.9g}") for value in tensor.detach().double().flatten().tolist()]


def write(name, folder):
    kind, config, precision = MODELS[name]
    torch.manual_seed(len(name))
    model = kind(config)
    for parameter_name, parameter in model.named_parameters():
        if "norm" in parameter_name:
            parameter.data += 0.2 * torch.randn_like(parameter)
        if parameter_name.endswith("bias"):
            parameter.data = 0.3 * torch.randn_like(parameter)
    shard = dict(max_shard_size="8KB") if name == "llama" else {}
    model.to(precision).save_pretrained(folder, **shard)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa")
    model = model.double().eval()

    ids, present = torch.tensor(IDS), torch.tensor(PRESENT)
    positions = (present.cumsum(1) - 1).clamp(min=0)
    arguments = dict(attention_mask=present, position_ids=positions)
    output = model(input_ids=ids, output_hidden_states=True, **arguments)
    embeddings = torch.randn(2, 5, config.hidden_size, dtype=torch.float64)
    from_embeddings = model(inputs_embeds=embeddings).logits
    greedy = model.generate(input_ids=ids, attention_mask=present, max_new_tokens=8, do_sample=False,
                            eos_token_id=None, pad_token_id=0)

    # Sequence by sequence: where nothing may be seen, transformers computes no numbers.
    losses = []
    for row, slots in zip(ids, present.bool()):
        row = row[slots]
        log_probabilities = model(input_ids=row[None]).logits[0, :-1].log_softmax(-1)
        losses.append(-log_probabilities.gather(-1, row[1:, None])[:, 0])
    loss = torch.cat(losses).mean()
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.1)
    loss.backward()
    arrays = {f"gradient.{key}": value.grad.float().clone() for key, value in model.named_parameters()}
    optimiser.step()
    arrays |= {f"updated.{key}": value.detach().float().clone() for key, value in model.named_parameters()}
    save_file(arrays, folder / "step.safetensors")

    expected = dict(ids=IDS, present=PRESENT, logits=rounded(output.logits),
                    hidden=[rounded(state) for state in output.hidden_states],
                    embeddings=rounded(embeddings), from_embeddings=rounded(from_embeddings),
                    greedy=greedy[:, ids.shape[1]:].tolist(), loss=loss.item())
    (folder / "expected.json").write_text(json.dumps(expected) + "\n")
    (folder / "generation_config.json").unlink(missing_ok=True)


if __name__ == "__main__":
    for name in MODELS:
        folder = pathlib.Path(sys.argv[1]) / name
        folder.mkdir(parents=True, exist_ok=True)
        write(name, folder)
