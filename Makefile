VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
LESSON ?=

.PHONY: help notebooks

help:  ## List these targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

notebooks:  ## Make and execute the .ipynb of every lesson, or of one: make notebooks LESSON=03
	$(BIN)/jupytext --quiet --update --to ipynb --execute notebooks/$(LESSON)*.py
	$(BIN)/nbstripout --keep-output --keep-count --extra-keys "metadata.widgets metadata.language_info.version" notebooks/$(LESSON)*.ipynb
