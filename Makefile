# make run          the app, in an environment of its own     (ARGS="check --plain" passes arguments on)
# make test         everything this machine can test          (ARGS="tests/unit -k stun" narrows it down)
# make lint         format, style, types, import contracts
# make bench        speed and memory, as ratios
# make accuracy     right causes found and false ones, over every practice network and lab site
# make screenshots  draw the pictures in screenshots/ anew
# make clean        remove what these have made

VENV ?= .venv
BIN := $(VENV)/bin
PYTHON ?=
ARGS ?=
# More than two cores have: the lab mostly waits.
WORKERS ?= 4

# Hundreds of tests start the program. Without its bytecode each start would compile all of it.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test lint bench accuracy screenshots clean

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

run: $(VENV)/.app
	@$(BIN)/whyrelay $(ARGS)

test: $(VENV)/.dev
	@$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadgroup $(ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	@if command -v shellcheck >/dev/null; then echo shellcheck .ci/run; shellcheck .ci/run; fi

bench: $(VENV)/.dev
	@$(BIN)/python -m tests.bench $(ARGS)

accuracy: $(VENV)/.dev
	@$(BIN)/python -m tests.accuracy $(ARGS)

screenshots: $(VENV)/.dev
	@$(BIN)/python -m tests.tui.screenshots $(ARGS)

clean:
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# An environment whose Python was removed or upgraded away is made anew.
ifneq ($(shell $(BIN)/python -c 'print("runs")' 2>/dev/null),runs)
BROKEN := broken
.PHONY: broken
endif

# Both installs are editable: what runs is what is checked out, by way of the console script.
$(VENV)/.app: pyproject.toml $(BROKEN)
	@$(call environment)
	@$(call install,-e .)
	@touch $@

$(VENV)/.dev: pyproject.toml $(BROKEN)
	@$(call environment)
	@$(call install,-e '.[dev]')
	@touch $@ $(VENV)/.app

# A Python is taken only if it really runs: pyenv leaves a name on PATH for versions that do not.
define environment
if $(BIN)/python -c 'import pip' 2>/dev/null; then exit 0; fi; \
bare=; \
for python in $(PYTHON) python3.13 python3.12 python3.11 python3 python; do \
  "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
    || continue; \
  if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then bare=$$python; continue; fi; \
  echo "making $(VENV) with $$("$$python" --version)"; \
  "$$python" -m venv --clear $(VENV) && exit 0; \
done; \
if [ -n "$$bare" ]; then \
  echo "$$bare cannot make virtual environments: its venv module is missing" \
    "(Debian, Ubuntu: apt-get install python3-venv)." >&2; \
else \
  echo "whyrelay needs Python 3.11, 3.12 or 3.13, and found none that runs" \
    "(name one with PYTHON=/path/to/python)." >&2; \
fi; \
exit 1
endef

# pip's own complaint is long; the sentence says what to do about it.
define install
log=$(VENV)/pip.log; \
echo "installing what pyproject.toml asks for"; \
if $(BIN)/python -m pip install --disable-pip-version-check --quiet $(1) >"$$log" 2>&1; then \
  exit 0; \
fi; \
package=$$(sed -nE 's/.*Failed building wheel for ([A-Za-z0-9._-]+).*/\1/p' "$$log" | head -n 1); \
if [ -n "$$package" ]; then \
  echo "$$package has no ready-made package for this Python and could not be built, which takes a C" \
    "compiler and Python's headers (Debian, Ubuntu: apt-get install build-essential python3-dev)." \
    "pip's words are in $$log." >&2; \
elif grep -qE "No matching distribution|Could not find a version|Max retries|Temporary failure" "$$log"; then \
  echo "pip could not fetch the packages: is there a way to a package index?" \
    "Its words are in $$log." >&2; \
else \
  echo "pip could not install the packages; its words are in $$log." >&2; \
fi; \
exit 1
endef
