"""A small byte-level tokenizer with special tokens and chat templates, and what transformers makes of
texts and conversations with it.

Run: python reference/tokenizer.py crates/nets/tests/data/tokenizer
"""

import datetime
import json
import sys
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast
from transformers.utils import chat_template_utils

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)

TEXT = """What is three plus four? Three plus four is seven. What is seven times two? Seven times two
is fourteen. The answer is fourteen; so what is the answer? 3+4=7 7*2=14 12+30=42 Die Größe ist schön."""

inner = Tokenizer(models.BPE())
inner.pre_tokenizer = pre_tokenizers.Sequence(
    [
        # The way Llama 3 and Qwen 2 split: contractions, words, numbers, marks, spaces.
        pre_tokenizers.Split(
            pattern=Regex(
                r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
                r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
            ),
            behavior="isolated",
        ),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ]
)
inner.decoder = decoders.ByteLevel()
trainer = trainers.BpeTrainer(
    vocab_size=300,
    initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    special_tokens=["<|begin|>", "<|end|>", "<|start|>", "<|turn|>"],
    show_progress=False,
)
inner.train_from_iterator([TEXT], trainer)
inner.post_processor = processors.TemplateProcessing(
    single="<|begin|> $A", pair="<|begin|> $A $B", special_tokens=[("<|begin|>", 0)]
)

TEMPLATES = {
    "default": """{%- if messages[0]['role'] == 'system' %}
    {%- set system = messages[0]['content'] | trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system = '' %}
{%- endif %}
{{- bos_token }}
{%- if not date_string is defined %}
    {%- set date_string = strftime_now('%d %b %Y') %}
{%- endif %}
{{- '<|start|>system\\n\\n' + 'Today: ' + date_string + '\\n' + system + '<|turn|>' }}
{%- for message in messages %}
    {%- if message.role not in ['user', 'assistant'] %}
        {{- raise_exception('Only users and assistants speak, not ' + message.role) }}
    {%- endif %}
    {{- '<|start|>' + message['role'] + '\\n\\n' + message['content'] | trim + '<|turn|>' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start|>assistant\\n\\n' }}
{%- endif %}
""",
    "methods": """{%- set ns = namespace(last=-1, words=[]) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages | length - 1) - loop.index0 %}
    {%- if ns.last < 0 and message.role == 'user' and not (message.content.startswith('<tool>') and message.content.endswith('</tool>')) %}
        {%- set ns.last = index %}
    {%- endif %}
{%- endfor %}
{%- macro turn(message) -%}
{{ message.role | upper }}: {{ message.content.strip().split('</think>')[-1].lstrip('\\n') }}
{% endmacro %}
{% for message in messages %}
  {% if message.content == '' %}
    {% continue %}
  {% endif %}
{{ turn(message) -}}
  {% if loop.last %}{% generation %}last {{ loop.index }} of {{ loop.length }}, user {{ ns.last }}
{% endgeneration %}
  {% endif %}
  {% if message.content is string and 'halt' in message.content %}{% break %}{% endif %}
{% endfor %}
{{ messages | tojson }}
{{ messages[0] | tojson(indent=2) }}
{{ {'a': [1, 2.5, none, true], 'b': {}} | tojson }} {{ pad_token is defined }} {{ enable_thinking | default(false) }}
{% for key, value in messages[0].items() %}{{ key }}={{ value | length }};{% endfor %}
{{ eos_token if add_generation_prompt else 'none' }}""",
}

fast = PreTrainedTokenizerFast(
    tokenizer_object=inner, bos_token="<|begin|>", eos_token="<|turn|>", clean_up_tokenization_spaces=False
)
fast.chat_template = TEMPLATES["default"]
fast.save_pretrained(folder)
(folder / "generation_config.json").write_text('{"eos_token_id": [1, 3]}\n')
(folder / "chat_template.jinja").write_text(TEMPLATES["default"])


class Fixed(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2026, 1, 9, 7, 5, 3)


for module in (chat_template_utils,):
    if hasattr(module, "datetime"):
        module.datetime = Fixed

TEXTS = [
    "What is three plus four?",
    "  spaces\n\nand\tlines \r\n don't",
    "3+4=7; 123456",
    "Größe 漢字 🙂",
    "<|start|>user<|turn|> after",
    "",
]
CHATS = [
    [{"role": "user", "content": "What is 3+4? "}],
    [
        {"role": "system", "content": " Be brief.\n"},
        {"role": "user", "content": "Hi <b>"},
        {"role": "assistant", "content": "<think>x</think>\n\nHello"},
        {"role": "user", "content": "halt"},
        {"role": "user", "content": ""},
    ],
    [{"role": "user", "content": "é"}, {"role": "tool", "content": "<tool>1</tool>"}],
]


def conversation(template, messages, answer):
    try:
        return fast.apply_chat_template(
            messages, chat_template=TEMPLATES[template], tokenize=False, add_generation_prompt=answer
        )
    except Exception as error:
        return {"error": str(error)}


golden = {
    "now": 1767942303,
    "texts": [
        {
            "text": text,
            "plain": fast(text, add_special_tokens=False)["input_ids"],
            "whole": fast(text)["input_ids"],
            "decoded": fast.decode(fast(text)["input_ids"]),
            "shown": fast.decode(fast(text)["input_ids"], skip_special_tokens=True),
        }
        for text in TEXTS
    ],
    "templates": TEMPLATES,
    "special": {"bos_token": "<|begin|>", "eos_token": "<|turn|>"},
    "chats": [
        {"template": template, "messages": messages, "answer": answer, "text": conversation(template, messages, answer)}
        for template in TEMPLATES
        for messages in CHATS
        for answer in (True, False)
    ],
}
(folder / "golden.json").write_text(json.dumps(golden, ensure_ascii=False, indent=1) + "\n")
