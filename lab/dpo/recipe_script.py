"""The text of the training scripts, with places for what a snapshot says. They run with TRL 1.16."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lab.dpo.spec import Trainer


@dataclass(frozen=True, slots=True)
class Part:
    """What is different from trainer to trainer."""

    words: Mapping[str, str]  # that fill places of SCRIPT
    settings: str  # arguments of the configuration, with places of their own
    dropped: str  # what is said of rows over the limit; {} is their share


SCRIPT = '''\
# Trains a model on the snapshot $snapshot: $train rows, and $validation to look at meanwhile.$few
#
#     pip install "trl==1.16.0" "datasets==5.2.0"
#     $command
"""$title"""

import argparse
from pathlib import Path

import torch
from datasets import Dataset, load_dataset
from trl import $config, $trainer

MODEL = $model
DATA = $data


def rows(folder: Path, split: str) -> Dataset | None:
    """Read a split, or return None where the export has no such file."""
    for file, kind in (("jsonl", "json"), ("json", "json"), ("parquet", "parquet")):
        path = folder / f"{split}.{file}"
        if path.exists():
            return load_dataset(kind, data_files=str(path), split="train")
    return None


parser = argparse.ArgumentParser()
parser.add_argument("--model", default=MODEL, required=MODEL is None, help="its folder, or its name on the hub")
parser.add_argument("--data", type=Path, default=Path(DATA), help="folder with the files of the export")
parser.add_argument("--output", type=Path, required=True, help="folder for the trained model")
$length_words
parser.add_argument("--max-length", type=int, default=$max_length, help="tokens of prompt and answer")
parser.add_argument("--epochs", type=float, default=$epochs)
parser.add_argument("--max-steps", type=int, default=-1, help="stop after so many updates, whatever the epochs")
parser.add_argument("--batch", type=int, default=$batch, help="rows on the device at once")
parser.add_argument("--accumulate", type=int, default=$steps, help="batches that make one update")
parser.add_argument("--learning-rate", type=float, default=$rate)
parser.add_argument("--seed", type=int, default=$seed)
args = parser.parse_args()
if args.output.exists() and any(args.output.iterdir()):
    parser.error(f"{args.output} is not empty; name another folder")
train, validation = rows(args.data, "train"), rows(args.data, "validation")
if train is None:
    parser.error(f"{args.data} holds no train.jsonl, train.json or train.parquet")
${before}accelerated = torch.accelerator.is_available()
config = $config(
    output_dir=str(args.output),
    max_length=args.max_length,
    num_train_epochs=args.epochs,
    max_steps=args.max_steps,
    per_device_train_batch_size=args.batch,
    per_device_eval_batch_size=args.batch,
    gradient_accumulation_steps=args.accumulate,
    learning_rate=args.learning_rate,
    eval_strategy="no" if validation is None else "epoch",
    save_strategy="no",
    report_to="none",
    seed=args.seed,
    use_cpu=not accelerated,
    bf16=torch.cuda.is_available() and torch.cuda.is_bf16_supported(),
    dataloader_pin_memory=accelerated,
$settings
)
# Too big for the device? Install peft and give the trainer peft_config=peft.LoraConfig(), with ten times the rate.
trainer = $trainer(model=args.model, args=config, train_dataset=train, eval_dataset=validation)
print(f"{len(trainer.train_dataset):,} of {len(train):,} rows are short enough and trained on.")
trainer.train()
trainer.save_model(str(args.output))
print(f"The trained model is in {args.output}.")
'''

_DPO = Part(
    words={
        "title": "Direct preference optimisation: the chosen answer becomes likelier than the rejected one.",
        "config": "DPOConfig",
        "trainer": "DPOTrainer",
        "rate": "1e-6",
        "before": "",
    },
    settings="""\
    beta=0.1,
$words
    # Labels are wrong now and then, as conservative DPO has it (Mitchell 2023); TRL 1.16 minds label_smoothing in the
    # robust loss alone (Chowdhury and others 2024), which estimates the loss that right labels would give.
    loss_type=["$loss"],
    label_smoothing=$smoothing,""",
    dropped="{} are dropped since their prompt alone is longer",
)

_REWARD = Part(
    words={
        "title": "A reward model: it scores the chosen answer above the rejected one.",
        "config": "RewardConfig",
        "trainer": "RewardTrainer",
        "rate": "1e-5",
        "before": "",
    },
    settings="""\
    # Scores stay near 0 on average (Eisenstein and others 2023); wrong labels cannot be allowed for in this trainer.
    center_rewards_coefficient=0.01,""",
    dropped="{} are dropped since one of their conversations is longer",
)

_KTO = Part(
    words={
        "title": "KTO: liked answers become likelier, disliked ones less likely, each for itself.",
        "config": "KTOConfig",
        "trainer": "KTOTrainer",
        "rate": "1e-6",
        "before": (
            "# KTO takes the rows in their order and sets each prompt beside the answer of its neighbour, which must\n"
            "# not be an answer to the same prompt.\n"
            "train = train.shuffle(seed=args.seed)\n"
            "validation = validation.shuffle(seed=args.seed) if validation else None\n"
        ),
    },
    settings="""\
    beta=0.1,
$words
    desirable_weight=$up,
    undesirable_weight=$down,""",
    dropped="{} are dropped since their prompt alone is longer",
)

_SFT = Part(
    words={
        "title": "Supervised fine-tuning on the chosen answers.",
        "config": "SFTConfig",
        "trainer": "SFTTrainer",
        "rate": "2e-5",
        "before": "",
    },
    settings="    packing=False,  # one conversation a row; all of its messages are learnt",
    dropped="{} are dropped",
)

PARTS: Mapping[Trainer, Part] = {"dpo": _DPO, "reward": _REWARD, "kto": _KTO, "sft": _SFT}
