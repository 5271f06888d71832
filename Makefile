# Two commands for a fresh machine: `make demo` and `make test`. Both begin with what is missing.
.PHONY: demo test setup setup-test web
export CARGO_TERM_COLOR ?= auto

demo: setup web
	cargo build --release --package shanshui-server
	target/release/shanshui demo

test: setup-test web
	sh scripts/test

setup:
	sh scripts/setup

setup-test:
	sh scripts/setup test

web:
	sh scripts/web
