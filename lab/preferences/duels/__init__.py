"""Where duels come from, apart from files: the Route page, and prompts asked in bulk.

sides.py        when an answer can stand in a duel, and when it cannot
pairing.py      an event of the Route page: which two answers, and which expert is asked for the other one
asking.py       patience with a model server: what is tried again, and when a server counts as gone
sampling.py     which prompts of a source are drawn, and how likely that was
request.py      what is asked for in bulk: source, two sides, sample; as JSON, so that another process can go on
sources.py      the prompts of a source; how hard they are
standing.py     what became of every answer of a batch, read off what is stored
lanes.py        requests side by side, or model after model
run.py          one run over the open answers of a batch
telling.py      what a batch will do and what it came to, as sentences
generating.py   a batch as a job: begin, resume, ask failed ones again
"""
