"""A policy to train in seconds: a random Llama of two layers with a tokenizer trained on the spot, in a folder.

In a folder, since the trainers load their reference model from where the policy came from.
"""

from __future__ import annotations

from pathlib import Path

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

THINKING = CHATML.replace("assistant\n{% endif %}", "assistant\n<think>\n\n</think>\n{% endif %}")
"""A template that opens the answer with what it leaves out where the answer is there."""

NO_SYSTEM = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %}" + CHATML

VOCABULARY = 600
_END, _PAD = "<|im_end|>", "<|endoftext|>"
_SPECIAL = [_PAD, "<|im_start|>", _END]
_TEXTS = [
    "What is the capital of France? The capital of France is Paris, a city on the river Seine.",
    "Write a function that adds two numbers. def add(a, b): return a + b",
    "Certainly, with pleasure: here is the answer that you asked for, step by step.",
    "No. That will not do, and nobody should have asked. Look it up somewhere else.",
    "Explain how a bridge carries a load, and why the arch was known to the Romans already.",
    "Name an animal, a colour and a number between one and ten that go well together.",
    "You are a helpful assistant. Answer in one short sentence, and say so when you do not know.",
    "user assistant system user assistant system user assistant",
]


def save_tokenizer(folder: Path, template: str | None = CHATML) -> Path:
    """Train a byte-level BPE and save it with a chat template, or with none."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=_SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    core.train_from_iterator(_TEXTS, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=core, eos_token=_END, pad_token=_PAD)
    fast.chat_template = template
    fast.save_pretrained(str(folder))
    return folder


def save_model(folder: Path) -> Path:
    """Save a Llama of random weights, always the same ones, beside the tokenizer."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=2_048,
        bos_token_id=None,
        eos_token_id=_SPECIAL.index(_END),
        pad_token_id=_SPECIAL.index(_PAD),
    )
    LlamaForCausalLM(config).save_pretrained(str(folder))
    return folder
