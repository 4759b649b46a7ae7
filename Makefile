# make demo | make listen SONG=song.wav | make test | make watch FOLDER=~/Bounces   (each sets up .venv/ first)
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
PEERS := benchmarks/peers/.venv

.DEFAULT_GOAL := help
.PHONY: help demo listen test watch bench bench-control bench-cluster bench-peers soak report-files audit fuzz gpu gpu-train lint generate clean quick

help: ## print this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("dawbridge needs Python 3.11 or newer; give it with: make PYTHON=python3.12") if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: $(STAMP) ## show the main job: daemon up, a song bounced in, stems out (SONG=path: your own song)
	$(BIN)/python -m tools.demo $(if $(SONG),--song "$(SONG)")

listen: $(STAMP) ## make a web page of a song and its stems: make listen SONG=path [MODEL=name] [ARGS='--start 60 --seconds 30']
	@test -n "$(SONG)" || { echo 'which song? make listen SONG=path/to/song.wav' >&2; exit 2; }
	$(BIN)/dawbridge listen "$(SONG)" $(if $(MODEL),--model "$(MODEL)") $(ARGS)

test: $(STAMP) ## run all tests
	$(BIN)/python -m pytest -n 2 --dist loadfile -m 'not alone'
	$(BIN)/python -m pytest -m alone

quick: $(STAMP) ## run the tests that start no daemon, no other program and no training: under two minutes
	$(BIN)/python -m pytest -n 2 --dist loadfile -m 'not slow'

watch: $(STAMP) ## watch a folder, for daily use: make watch FOLDER=~/Bounces [ARGS='--preset karaoke']
	@test -n "$(FOLDER)" || { echo 'which folder? make watch FOLDER=~/Bounces' >&2; exit 2; }
	$(BIN)/dawbridge watch "$(FOLDER)" $(ARGS)

bench: $(STAMP) ## measure speed and knob latency
	$(BIN)/python -m benchmarks.speed

report-files: $(STAMP) ## list what is promised about files and their writers, with the tests that prove each row
	$(BIN)/python -m benchmarks.files_report

audit: $(STAMP) ## look for known security holes in what is installed (asks the advisory database online)
	$(BIN)/python -m pip install --quiet pip-audit
	$(BIN)/python -m pip_audit --skip-editable

bench-control: $(STAMP) ## measure control latency, floods and audition times (ARGS='--fuzz 1000000')
	$(BIN)/python -m benchmarks.control $(ARGS)

bench-cluster: $(STAMP) ## measure a cluster of this computer's own processes, while some are killed
	$(BIN)/python -m benchmarks.cluster $(ARGS)

$(PEERS)/.installed: benchmarks/peers/requirements.txt benchmarks/peers/requirements-bare.txt constraints.txt
	test -x $(PEERS)/bin/python || $(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --upgrade pip
	$(PEERS)/bin/python -m pip install --quiet --constraint constraints.txt --requirement benchmarks/peers/requirements.txt
	$(PEERS)/bin/python -m pip install --quiet --no-deps --requirement benchmarks/peers/requirements-bare.txt
	touch $@

bench-peers: $(STAMP) $(PEERS)/.installed ## measure speed and memory beside other separators, with random weights
	$(BIN)/python -m benchmarks.peers --python $(PEERS)/bin/python $(ARGS)

soak: $(STAMP) ## test that nothing is lost: random bounces and kill -9 for MINUTES=30, SEED=1
	$(BIN)/python -m benchmarks.soak --minutes $(or $(MINUTES),30) --seed $(or $(SEED),1)

fuzz: $(STAMP) ## damaged files and nonsense at the control surfaces: COUNT=100000, SEED=1
	$(BIN)/python -m benchmarks.fuzz_files --count $(or $(COUNT),100000) --seed $(or $(SEED),1)
	$(BIN)/python -m benchmarks.fuzz --datagrams $(or $(COUNT),100000) --midi-bytes $(or $(COUNT),100000) --seed $(or $(SEED),1)

gpu-train: ## train on for 9 minutes, with torch, numpy, safetensors and soundfile alone: make gpu-train PACK=folder [OUT=gpu MINUTES=9]
	@test -n "$(PACK)" || { echo 'which pack? acapellanet pack DATA --out PACK --cache CACHE, then make gpu-train PACK=PACK' >&2; exit 2; }
	PYTHONPATH=model $(PYTHON) -m acapellanet.training.packed.run "$(PACK)" --out "$(or $(OUT),gpu)" \
	  --minutes $(or $(MINUTES),9) --from model/acapellanet/weights/acapellanet-full.safetensors $(ARGS)

gpu: ## measure a graphics card, with torch, numpy, safetensors and soundfile alone: make gpu [OUT=gpu SECONDS=480]
	PYTHONPATH=.:model $(PYTHON) -m benchmarks.gpu --out "$(or $(OUT),gpu)" --seconds $(or $(SECONDS),480) $(ARGS)

lint: $(STAMP) ## check format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

generate: $(STAMP) ## rewrite every generated file: README's table, docs, help texts, Max, TouchOSC
	$(BIN)/python -m tools.generate

clean: ## remove what the demo and the tools left behind
	rm -rf demo listen build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
