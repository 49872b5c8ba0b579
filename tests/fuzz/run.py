#!/usr/bin/env python3
"""Runs one fuzz target for a bounded time: run.py TARGET SEEDS [SECONDS]

SEEDS is a pattern of files to start from; .hex files are turned into the bytes they describe.
What the target finds interesting is kept beside it, in TARGET.corpus; an input that breaks it is
written there too, and its name is in the output. SECONDS is 15, or MEENT_FUZZ_SECONDS.
"""

import glob
import os
import pathlib
import sys

if len(sys.argv) not in (3, 4):
    sys.exit(__doc__)
target, seeds = sys.argv[1:3]
seconds = sys.argv[3] if len(sys.argv) == 4 else os.environ.get("MEENT_FUZZ_SECONDS", "15")

corpus = pathlib.Path(f"{target}.corpus")
corpus.mkdir(exist_ok=True)
files = glob.glob(seeds)
if not files:
    sys.exit(f"no seeds at {seeds}")
for name in files:
    content = pathlib.Path(name).read_bytes()
    if name.endswith(".hex"):
        content = bytes.fromhex(content.decode())
    (corpus / f"seed-{pathlib.Path(name).name}").write_bytes(content)

os.execv(target, [target, f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048",
                  "-max_len=65536", "-print_final_stats=1", "-verbosity=0",
                  f"-artifact_prefix={corpus}/broken-", str(corpus)])
