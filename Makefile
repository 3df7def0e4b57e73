# Everything a newcomer runs: `make demo`, `make test`. The rest is for those who work on it.
PYTHON ?= python3
VENV ?= .venv
PEERS ?= .venv-peers
BIN = $(VENV)/bin
OUT = sasnet_out
# Pytest processes at once.
WORKERS ?= 2
# What `make demo` needs, and what the tests and the documentation need as well.
DEMO_STAMP = $(VENV)/.installed-demo
STAMP = $(VENV)/.installed

.PHONY: demo test test-all tests lint docs libraries bench fuzz kill-test race-test screenshots plugin dist clean

demo: $(or $(wildcard $(STAMP)),$(DEMO_STAMP))
	@.ci/system-libraries libgl1
	$(BIN)/sasnet_predict --demo -o $(OUT)

# Lint, documentation and tests run side by side.
test: $(STAMP) libraries
	$(MAKE) -j3 tests lint docs

# The same with the sweeps: all real structures, more examples, and what repeats cheaper tests.
test-all: $(STAMP) libraries
	$(MAKE) -j3 tests lint docs PYTEST_OPTIONS=--sweeps

# In the order of tests/conftest.py: a long file that starts last keeps one worker waiting.
tests: $(STAMP)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(PYTEST_OPTIONS)

libraries: $(STAMP)
	@.ci/system-libraries libgl1 libegl1 libglib2.0-0 xvfb libxkbcommon-x11-0 libdbus-1-3 \
	  libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 \
	  libxcb-shape0 libxcb-xinerama0 libxcb-xkb1 ncbi-blast+
	@.ci/system-libraries chromium fonts-dejavu-core
	@.ci/system-libraries pymol
	@command -v npm >/dev/null || .ci/system-libraries npm
	@$(BIN)/python -m sasnet_core.results.threedmol || true

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The documentation, strict: a warning ends it. Open build/docs/index.html.
docs: $(STAMP)
	$(BIN)/sphinx-build -q -W --keep-going -b html docs build/docs

# Measures and rewrites docs/benchmarks.md. What sasnet is measured against has its own environment.
# Training needs datasets: make bench MINED=mined DB5=db5 (of train.mine and train.db5).
bench: $(STAMP) $(PEERS)/.installed
	$(BIN)/python -m benchmarks.mining --peers $(PEERS)/bin/python
	$(BIN)/python -m benchmarks.prediction --peers $(PEERS)/bin/python
	$(BIN)/python -m benchmarks.startup
	$(BIN)/python -m benchmarks.memory
	$(BIN)/python -m benchmarks.window
ifdef MINED
	$(BIN)/python -m benchmarks.training $(MINED) --validate $(DB5)
	$(BIN)/python -m benchmarks.proteome $(DB5) --rotations 1
	$(BIN)/python -m benchmarks.rotations $(DB5)
endif

$(PEERS)/.installed: benchmarks/requirements.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet -r $<
	touch $@

# Reads, writes and reads 2,000 structure files that were changed at random.
fuzz: $(STAMP)
	$(BIN)/python -m tests.fuzz_structures --count 2000

# Kills 300 commands at random moments and runs them again.
kill-test: $(STAMP)
	$(BIN)/python -m tests.kill_runs --count 300

# Two processes predict into one folder, eight download into one cache, 200 times.
race-test: $(STAMP)
	$(BIN)/python -m tests.race_runs --count 200

# The README's pictures of PyMOL's window: a real prediction on a virtual screen.
screenshots: $(STAMP)
	$(BIN)/python -m benchmarks.window --pictures docs

# A zip with one package, as PyMOL's Plugin Manager takes it.
plugin: dist/sasnet_plugin.zip

dist/sasnet_plugin.zip: $(wildcard plugin/*.py plugin/*/*.py)
	rm -rf build/plugin && mkdir -p build/plugin/sasnet_plugin/window dist
	cp plugin/*.py LICENSE build/plugin/sasnet_plugin/
	cp plugin/window/*.py build/plugin/sasnet_plugin/window/
	rm -f $@ && $(PYTHON) -m zipfile -c $@ build/plugin/sasnet_plugin

# What a release consists of: the wheel, and beside it the plugin's zip.
dist: $(or $(wildcard $(STAMP)),$(DEMO_STAMP)) dist/sasnet_plugin.zip
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

define make_environment
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
  { echo "sasnet needs Python 3.11 or newer; try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
@$(PYTHON) -c 'import ensurepip' 2>/dev/null || .ci/system-libraries python3-venv
@$(PYTHON) -m venv $(VENV) || \
  { echo "a virtual environment cannot be made; on Debian: apt-get install python3-venv"; exit 2; }
endef

# Sizes of the wheels for Linux in November 2026, by pip install --dry-run --report.
$(DEMO_STAMP): setup.py
	$(make_environment)
	@echo "installing sasnet and PyMOL into $(VENV): about 0.8 GB to download, most of it TensorFlow"
	$(BIN)/python -m pip install --quiet --editable '.[pymol]'
	@$(BIN)/python -m sasnet_core.results.threedmol || true
	touch $@

$(STAMP): setup.py
	$(make_environment)
	@echo "installing sasnet, PyMOL and the tools of the tests into $(VENV): about 1.1 GB to download"
	$(BIN)/python -m pip install --quiet --editable '.[cluster,docs,pymol,train,test]'
	@$(BIN)/python -m sasnet_core.results.threedmol || true
	touch $@

clean:
	rm -rf build dist *.egg-info sasnet_out
