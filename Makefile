# Everything a fresh machine needs is Python >= 3.11 and make; each target sets up what it uses.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready

.PHONY: setup demo serve test spec kills mutants sabotage prove edits lint check format bless docs clean

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "troth needs Python 3.11 or newer: make setup PYTHON=python3.12"; exit 1; }
	@echo "setting up $(VENV) (once; about a minute)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

demo: setup
	$(BIN)/troth demo $(ARGS)

serve: setup
	$(BIN)/troth serve $(ARGS)

# On up to four cores, a file's tests on one of them; ARGS="-n 0 -s FILE" to watch one.
test: setup
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile $(ARGS)

# The gate against its specification, N generated examples (default 100,000).
spec: setup
	TROTH_SPEC_EXAMPLES=$(or $(N),100000) $(BIN)/python -m pytest tests/spec $(ARGS)

# Processes are shot at N random moments (default 200) of ingest, erasure and rotation, and at as many of backup and
# restore; ten of a whole system with a camera. The seed is printed: TROTH_KILLS_SEED repeats it.
kills: setup
	TROTH_KILLS=$(or $(N),200) $(BIN)/python -m pytest -s tests/flow/test_vault_killed.py \
		tests/flow/test_backup_killed.py tests/flow/test_backup_serving.py $(ARGS)
	TROTH_KILLS=10 $(BIN)/python -m pytest -s tests/flow/test_killed_at_random.py $(ARGS)

# Turn round every key of every clause of the policies, then change the gate in one place at a time: somebody must
# notice, or tests/mutants/equivalent.txt say why nobody can.
mutants: setup
	TROTH_MUTANTS=all $(BIN)/python -m pytest tests/unit/test_policy_mutation.py $(ARGS)
	$(BIN)/python -m tests.mutants.gate

# Take out every enforcement point in turn and see its step of the story fail.
sabotage: setup
	TROTH_SABOTAGE=all $(BIN)/python -m pytest tests/flow/test_sabotage.py $(ARGS)

# Prove every policy there is, under sabotage, with a report (ARGS="--report proof.html").
prove: setup
	$(BIN)/troth prove --sabotage $(ARGS)

# Edit the code of a copy, one place for each of 20 proven promises picked at random: its proof must turn red.
# Reads what `troth prove --sabotage` wrote (proven.json in the data folder, or ARGS="--proven FILE --seed N").
edits: setup
	$(BIN)/python -m tests.mutants.edits $(ARGS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports

check: lint test

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Rewrite the golden files; a reviewer reads the difference.
bless: setup
	TROTH_BLESS=1 $(BIN)/python -m pytest tests -k golden $(ARGS)

# The documentation as a site, in site/; a link that leads nowhere is an error.
docs: requirements-docs.lock
	@test -x $(VENV)-docs/bin/python || $(PYTHON) -m venv $(VENV)-docs
	@$(VENV)-docs/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-docs.lock
	NO_MKDOCS_2_WARNING=1 $(VENV)-docs/bin/mkdocs build --quiet

clean:
	rm -rf $(VENV) $(VENV)-docs site .pytest_cache .ruff_cache .hypothesis .import_linter_cache
