PYTHON ?= python3
BIN := .venv/bin
# Empty for all lessons; 03 for the third.
LESSON ?=
# A code such as de, for translations; empty for a pseudo-language.
LANGUAGE ?=
# The learner's own folder.
FOLDER ?= my-course
# The machines of an offline pack: linux, linux-arm, mac or windows; empty for machines like this one.
PLATFORM ?=
# The versions to install: the tested ones, the oldest (constraints-oldest.txt) or the newest (/dev/null).
CONSTRAINTS ?= constraints.txt
# Parallel tests share the cores, and one thread each is then fastest. nbval, which takes seconds to load, has a test of
# its own (tests/test_notebooks.py).
PYTEST := OMP_NUM_THREADS=1 $(BIN)/pytest -p no:nbval -n logical --maxprocesses 4 --dist worksteal

# What people read, and so holds no word of docs/words_to_avoid.txt.
PLAIN := .github *.md CITATION.cff Makefile docs tools vae_course notebooks/*.py

.DEFAULT_GOAL := help
.PHONY: help lab test test-browser notebooks booklet site slides offline-pack translations bench lint format pins audit

help:  ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Run a command that is silent for minutes, such as pip while it unpacks torch, and print a line every few seconds.
define installing
@while sleep 8 >/dev/null; kill -0 $$$$ 2>/dev/null; do \
	echo "  installing: $$(ls .venv/lib/python*/site-packages 2>/dev/null | grep -c dist-info) packages so far," \
		"$$(du -sm .venv 2>/dev/null | cut -f1) MB"; \
done & { $(1); }; status=$$?; kill $$!; exit $$status
endef
PIP_INSTALL = $(BIN)/python -m pip install --quiet -c $(CONSTRAINTS)

.venv/made: pyproject.toml $(CONSTRAINTS)
	@$(PYTHON) -c 'import sys; sys.exit("The course needs Python 3.11 or newer; name one: make PYTHON=python3.12 lab" if sys.version_info < (3, 11) else 0)'
	@echo 'Making the environment in .venv: once, in a few minutes.'
	$(call installing,$(PYTHON) -m venv .venv && $(PIP_INSTALL) -e '.[test]')
	@$(BIN)/jupyter labextension disable --log-level=ERROR '@jupyterlab/apputils-extension:announcements'
	@touch $@
	@echo 'The environment is ready. Next: "make lab" opens the lessons, "make" lists what else there is.'

lab: .venv/made  ## Open the lessons in JupyterLab, in my-course or your FOLDER (makes the environment the first time)
	$(BIN)/vae-course lab "$(FOLDER)"

test: .venv/made  ## Run every unit test and every lesson
	$(PYTEST) --ignore=tests/browser tests

test-browser: .venv/site  ## Run every lesson in JupyterLab, and the site, in a real browser (needs Chromium)
	$(BIN)/python -m pip install --quiet -c constraints.txt playwright axe-playwright-python
	@# A browser waits much, so three workers serve two cores; -rP prints what they measured.
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 3 --dist loadgroup --no-loadscope-reorder -rsP tests/browser

notebooks: .venv/made  ## Make and execute every lesson's .ipynb, or one: make notebooks LESSON=03
	$(BIN)/jupytext --quiet --to ipynb --execute notebooks/$(LESSON)*.py
	@# What a busy machine prints in two pieces is one.
	$(BIN)/jupyter nbconvert --log-level=WARN --to notebook --inplace --coalesce-streams notebooks/$(LESSON)*.ipynb
	$(BIN)/nbstripout --keep-output --keep-count --extra-keys "metadata.widgets metadata.language_info.version" notebooks/$(LESSON)*.ipynb
	$(BIN)/python tools/teaching.py

booklet: .venv/made  ## Make the teacher's pages in docs/teaching from the lessons: minutes, answers, routes, solutions
	$(BIN)/python tools/teaching.py

.venv/site: .venv/made
	$(call installing,$(PIP_INSTALL) -e '.[site]')
	@touch $@

site: .venv/site  ## Build the site into build/site
	$(BIN)/python docs/build.py

slides: .venv/site  ## Make slides of every lesson, with notes for the speaker, into build/slides
	$(BIN)/python tools/slides.py

.venv/pack: .venv/made
	$(call installing,$(PIP_INSTALL) -e '.[pack]')
	@touch $@

offline-pack: .venv/pack site slides  ## Pack the project, wheels, site, slides and an installer: for a room without a network
	$(BIN)/python tools/offline_pack.py $(if $(PLATFORM),--platform $(PLATFORM))

translations: .venv/site  ## Write catalogues for a translation, and build the site in a LANGUAGE or a pseudo-language
	$(BIN)/python docs/translations.py $(LANGUAGE)

bench: .venv/made  ## Measure steps, starts and growth (benchmarks/speed.md), and the processor seconds of every lesson
	$(BIN)/python benchmarks/speed.py
	$(BIN)/python benchmarks/lessons.py

.venv/lint: .venv/made
	$(call installing,$(PIP_INSTALL) -e '.[lint]')
	@touch $@

lint: .venv/lint  ## Check style, types, spelling, plain words and workflows
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyrefly check --output-format min-text --python-interpreter-path $(BIN)/python
	$(BIN)/codespell
	$(BIN)/codespell --dictionary docs/words_to_avoid.txt $(PLAIN)
	$(BIN)/zizmor --offline --quiet .github

format: .venv/lint  ## Put style and formatting right
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# Without the names of local builds, such as +cpu, and without what PyPI's torch for Linux alone takes.
PINNED = sed 's/+[a-z0-9.]*$$//' | grep -vi '^nvidia\|^cuda\|^triton'

pins:  ## Renew constraints.txt with the newest versions, in an environment of its own (then run every test)
	rm -rf build/pins
	$(PYTHON) -m venv build/pins
	build/pins/bin/python -m pip install -e '.[test,browser,lint,site,pack]'
	{ head -1 constraints.txt; build/pins/bin/python -m pip freeze --exclude-editable | $(PINNED); } > build/pins.txt
	mv build/pins.txt constraints.txt

audit:  ## Ask PyPI whether a pinned version has a known vulnerability (needs the network)
	$(PYTHON) -m venv build/audit
	build/audit/bin/python -m pip install --quiet pip-audit
	build/audit/bin/pip-audit --requirement constraints.txt --no-deps --disable-pip
