# Two commands for a fresh machine: `make demo` and `make test`. Both begin with what is missing.
.PHONY: demo test setup web build check
export CARGO_TERM_COLOR ?= auto

demo: setup web
	cargo build --release --package shanshui-server
	target/release/shanshui demo

test: setup web
	sh scripts/test

setup:
	sh scripts/setup

web:
	sh scripts/web
