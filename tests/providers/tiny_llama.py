"""Saves a tiny random Llama and prints what it says greedily: `python tiny_llama.py FOLDER PROMPT TOKENS`.

Run as a process of its own, so that the tests need not load torch.
"""

import sys

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

SPECIAL = ["<s>", "</s>", "<unk>"]


def tokenizer() -> PreTrainedTokenizerFast:
    words = [*SPECIAL, *(f"w{number}" for number in range(253))]
    core = Tokenizer(models.WordLevel({word: index for index, word in enumerate(words)}, unk_token="<unk>"))
    core.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=core, bos_token="<s>", eos_token="</s>", pad_token="</s>", unk_token="<unk>"
    )
    fast.chat_template = "{% for message in messages %}{{ message['role'] }} {{ message['content'] }} {% endfor %}"
    return fast


def model() -> LlamaForCausalLM:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=256,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=8192,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
    )
    llama = LlamaForCausalLM(config).eval()
    llama.generation_config.suppress_tokens = [0, 1, 2]  # it never ends by itself, so max_tokens decides
    return llama


def main(folder: str, prompt: str, tokens: str) -> None:
    words, llama = tokenizer(), model()
    words.save_pretrained(folder)
    llama.save_pretrained(folder)
    asked = words.apply_chat_template(
        [{"role": "user", "content": prompt}], add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    said = llama.generate(**asked, max_new_tokens=int(tokens), do_sample=False)
    print(words.decode(said[0, asked["input_ids"].shape[1] :], skip_special_tokens=True))


if __name__ == "__main__":
    main(*sys.argv[1:])
