"""Lines per second of processor time through Drain3.

`drain.py FILE WARM_UP LINES plain|masked` prints one JSON object. `plain` is Drain3 as it comes; `masked` replaces
addresses, numbers and identifiers first, as its users do to get good templates.
"""

from __future__ import annotations

import json
import sys
import time
from itertools import islice
from pathlib import Path

from drain3 import TemplateMiner
from drain3.masking import MaskingInstruction
from drain3.template_miner_config import TemplateMinerConfig

MASKS = {
    "IP": r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b",
    "ID": r"\b[a-z]+_-?\d+\b",
    "HEX": r"\b0x[0-9a-fA-F]+\b",
    "NUM": r"(?<![\w.])[+-]?\d+(?:\.\d+)?\b",
}

path, warm_up, count, method = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
with path.open(errors="replace") as file:
    lines = [line.rstrip("\n") for line in islice(file, warm_up + count)]
config = TemplateMinerConfig()
if method == "masked":
    config.masking_instructions = [MaskingInstruction(pattern, name) for name, pattern in MASKS.items()]
miner = TemplateMiner(config=config)
for line in lines[:warm_up]:
    miner.add_log_message(line)
start = time.process_time()
for line in lines[warm_up:]:
    miner.add_log_message(line)
seconds = time.process_time() - start
taken = len(lines) - warm_up
print(json.dumps({"lines": taken, "per_second": taken / seconds, "patterns": len(miner.drain.clusters)}))
