# `make` alone lists what there is. Needed on the machine: Rust, Python 3.11, a C compiler; for `make test` and `make app` Node.js too.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
ADVISORY_DB ?=
CARGO_DENY_VERSION := 0.20.2
CARGO_AUDIT_VERSION := 0.22.2

bin := .venv/bin
step := infra/local/step
target := $(or $(CARGO_TARGET_DIR),target)
tools_bin := target/tools/bin

export SAM_CLI_TELEMETRY := 0

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test app package bench prove volume audit fmt tools rust template clients deployed deny

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: tools ## play the whole path on this machine and stay up; ONCE=1 ends after the play
	@$(bin)/python infra/local/demo.py $(if $(filter-out 0,$(ONCE)),--once)

test: app rust deny template clients deployed ## everything that must hold before a change is merged
	@printf '\nAll tests passed.\n'

app: tools ## build and test the ServiceNow app: infra/servicenow-app/target/*.zip
	@$(step) "the ServiceNow app" $(bin)/python infra/local/app.py

package: tools ## build what goes to a real account: target/lambda/<function>/, with fat LTO; ARCH=arm64 for Graviton
	@$(step) "packages" $(bin)/python infra/local/build.py $(if $(filter arm64,$(ARCH)),--arm64)

bench: ## measure the functions beside a no-op function (a few minutes)
	cargo run --locked --release --package bench --bin bench

prove: ## all plans of the crash enumeration, not only the sample of `make test` (long)
	GRIDLINK_PROVE=all cargo test --locked --release --workspace --test it -- --nocapture every_crash_point

volume: ## a simulated day of 100,000 exchanges: incidents, calls, time and memory (some minutes)
	cargo test --locked --release --workspace --test it -- --ignored --nocapture a_whole_day

audit: ## known vulnerabilities, offline: ADVISORY_DB=<folder or .tar.gz>
	@test -n "$(ADVISORY_DB)" || { echo "Say where the advisory database is: make audit ADVISORY_DB=<folder or .tar.gz>"; exit 1; }
	@$(MAKE) --no-print-directory $(tools_bin)/cargo-audit-$(CARGO_AUDIT_VERSION)
	@$(step) "cargo audit" infra/local/audit "$(ADVISORY_DB)" $(tools_bin)/cargo-audit

fmt: ## format the code
	cargo fmt --all

tools: ## install the pinned Python tools into .venv
	@test -n "$(PYTHON)" || { echo "Python 3.11 is needed: install it, or say where it is with PYTHON=…"; exit 1; }
	@$(PYTHON) infra/local/tools.py

# ---------------------------------------------------------------- the parts of `make test`

rust:
	@$(step) "format" cargo fmt --all --check
	@$(step) "clippy" cargo clippy --workspace --all-targets --locked -- -D warnings
	@$(step) "build" cargo build --workspace --all-targets --locked
	@$(step) "tests" cargo test --workspace --locked -- --show-output
	@$(step) "the ServiceNow app on an instance" cargo test --workspace --lib --locked -- --ignored outbox::installed
	@$(step) "Gridlink beside the app" cargo test --workspace --test it --locked -- --ignored --show-output with_the_app
	@RUSTDOCFLAGS="-D warnings" $(step) "docs" cargo doc --workspace --no-deps --document-private-items --locked

deny: $(tools_bin)/cargo-deny-$(CARGO_DENY_VERSION)
	@$(step) "cargo deny" $(tools_bin)/cargo-deny --locked check --hide-inclusion-graph bans licenses sources

template: tools
	@AWS_DEFAULT_REGION=us-east-1 $(step) "sam validate" $(bin)/sam validate --lint --template-file infra/template.yaml
	@$(step) "cfn-lint" $(bin)/cfn-lint
	@$(step) "the schema of the mapping" $(bin)/python infra/local/check_mapping_schema.py
	@$(step) "the collaboration contract" $(bin)/python infra/local/check_contract.py
	@$(step) "our template rules" $(bin)/python infra/local/check_template.py
	@$(step) "our template rules, broken on purpose" $(bin)/python infra/local/check_template.py --self-test
	@$(step) "the documentation" $(bin)/python infra/local/check_docs.py
	@$(step) "the documentation, broken on purpose" $(bin)/python infra/local/check_docs.py --self-test

clients: tools
	@$(step) "other clients on the worlds" $(bin)/python infra/local/clients.py $(target)/debug/worlds
	@$(step) "the collaboration contract on the world" $(bin)/python infra/local/fuzz_contract.py $(target)/debug/worlds

deployed: tools
	@$(step) "the cloud of the tests beside MiniStack" $(bin)/python infra/local/compare.py $(target)/debug/examples/compare
	@$(step) "the deployed stack on MiniStack, and the documentation and the alarms on it" \
		$(bin)/python infra/local/demo.py --once --binaries $(target)/debug --thorough

# The stamp carries the version, so that a new one is installed over an old one.
$(tools_bin)/cargo-deny-$(CARGO_DENY_VERSION) $(tools_bin)/cargo-audit-$(CARGO_AUDIT_VERSION): $(tools_bin)/%:
	@$(step) "installing $* (a few minutes, once)" infra/local/install-cargo-tool $*
