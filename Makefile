# mekiki - `make help` lists the targets

BUILD    ?= build
VARIANT  ?= release
CC       ?= cc
NPM      ?= npm
PREFIX   ?= /usr/local
DESTDIR  ?=
JOBS     ?= 4

PACKAGES = libmicrohttpd libcurl jansson yaml-0.1 sqlite3 libuv gnutls libidn2 libzstd
OUT      = $(BUILD)/$(VARIANT)
GEN      = $(BUILD)/gen

# pkg-config once, and only when something is compiled
PACKAGE_CFLAGS = $(eval PACKAGE_CFLAGS := $$(shell pkg-config --cflags $(PACKAGES)))$(PACKAGE_CFLAGS)
PACKAGE_LIBS   = $(eval PACKAGE_LIBS := $$(shell pkg-config --libs $(PACKAGES)))$(PACKAGE_LIBS)

WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
           -Wswitch-enum -Wvla -Wwrite-strings -Wundef $(if $(WERROR),-Werror)
# A sanitizer's detours confuse this one warning; the release build has it.
SANITIZE  = -O1 -g -fno-omit-frame-pointer -Wno-format-truncation
FLAGS_release = -O2 -g -D_FORTIFY_SOURCE=2
FLAGS_lint    = $(FLAGS_release)
FLAGS_asan    = $(SANITIZE) -fsanitize=address,undefined -fno-sanitize-recover=undefined
FLAGS_tsan    = $(SANITIZE) -fsanitize=thread
CFLAGS_ALL = -std=c17 -D_GNU_SOURCE $(WARNINGS) -fno-common -fstack-protector-strong -fPIE -pthread \
             -Iinclude -Iserver -I$(GEN) $(FLAGS_$(VARIANT)) $(PACKAGE_CFLAGS) $(CFLAGS)
LDFLAGS_ALL = -pie -pthread -Wl,-z,relro,-z,now $(filter -fsanitize=%,$(FLAGS_$(VARIANT))) $(LDFLAGS)
LIBS = $(PACKAGE_LIBS) -lm

SOURCES = $(filter-out server/main.c,$(sort $(shell find server -name '*.c')))
OBJECTS = $(SOURCES:%.c=$(OUT)/%.o) $(OUT)/gen/assets.o $(OUT)/gen/assets_bytes.o
SIM_SOURCES = $(filter-out tests/sim/nvidia_smi.c,$(sort $(wildcard tests/sim/*.c)))
TESTS   = $(sort $(wildcard tests/unit/test_*.c))
TEST_BINARIES = $(TESTS:%.c=$(OUT)/%)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
Q = $(if $(V),,@)
say = $(if $(V),,@echo '  $(1)  $(patsubst $(OUT)/%,%,$@)')

.PHONY: help
help: ## this list (V=1 shows the commands, WERROR=1 makes warnings errors)
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

.PHONY: all
all: $(OUT)/mekiki ## the server, build/release/mekiki

# ---- the program -------------------------------------------------------------

$(OUT)/mekiki: $(OUT)/server/main.o $(OUT)/libmekiki.a
	$(call say,link)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS)

$(OUT)/libmekiki.a: $(OBJECTS)
	@rm -f $@
	$(call say,ar  )
	$(Q)ar rcs $@ $^

$(OUT)/%.o: %.c $(OUT)/flags
	@mkdir -p $(@D)
	$(call say,cc  )
	$(Q)$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(OUT)/tests/unit/%: $(OUT)/tests/unit/%.o $(OUT)/libmekiki.a
	$(call say,link)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS) $(shell pkg-config --libs cmocka)

# The simulated vLLM; its pure parts have a unit test of their own.
SIM_OBJECTS = $(SIM_SOURCES:%.c=$(OUT)/%.o)
$(OUT)/vllm-sim: $(SIM_OBJECTS) $(OUT)/libmekiki.a
	$(call say,link)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS)

$(OUT)/tests/unit/test_sim: $(OUT)/tests/unit/test_sim.o $(filter-out $(OUT)/tests/sim/vllm_sim.o,$(SIM_OBJECTS)) $(OUT)/libmekiki.a
	$(call say,link)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS) $(shell pkg-config --libs cmocka)

$(OUT)/fake-nvidia-smi: $(OUT)/tests/sim/nvidia_smi.o $(filter-out $(OUT)/tests/sim/vllm_sim.o,$(SIM_OBJECTS)) $(OUT)/libmekiki.a
	$(call say,link)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS)

# A million results at once, for the tests that need them.
$(OUT)/fill-run: $(OUT)/tests/large/fill_run.o $(OUT)/libmekiki.a
	$(call say,link)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS)

# A disk that loses its power, for the tests that need one.
$(OUT)/tests/unit/test_durability $(OUT)/tests/unit/test_store: $(OUT)/tests/unit/vfs_powerloss.o

# Other flags, other objects: never a mixture.
.PHONY: force
$(OUT)/flags: force
	@mkdir -p $(@D)
	@echo '$(CFLAGS_ALL)' | cmp -s - $@ || echo '$(CFLAGS_ALL)' > $@

-include $(shell find $(OUT) -name '*.d' 2>/dev/null)

# ---- the SQL of the store, as C ----------------------------------------------

SQL = $(sort $(wildcard server/store/sql/*.sql))
$(GEN)/sql.h: server/store/sql/embed.awk $(SQL)
	@mkdir -p $(@D)
	$(call say,gen )
	$(Q)awk -f server/store/sql/embed.awk $(SQL) > $@
# order only: which objects include it is known after the first compilation
$(OBJECTS): | $(GEN)/sql.h

# ---- the dashboard, inside the program ---------------------------------------

VENDOR      = $(BUILD)/web/vendor/preact.js
WEB_FILES   = $(sort $(wildcard web/*.html) $(shell find web/js web/css web/i18n web/icons -type f 2>/dev/null))
VENDOR_FILES = $(wildcard web/vendor-src/* web/tools/vendor.mjs)
NPM_CI      = cd web && $(NPM) ci --ignore-scripts --no-audit --no-fund --loglevel=error
NPM_RUNTIME = web/node_modules/.mekiki-runtime
NPM_TOOLS   = web/node_modules/.mekiki-tools

$(NPM_RUNTIME): web/package-lock.json
	@command -v $(NPM) >/dev/null || { echo "make: npm is missing; ./bootstrap demo installs it"; exit 1; }
	$(NPM_CI) --omit=dev
	@touch $@

$(NPM_TOOLS): web/package-lock.json | $(VENDOR)
	$(NPM_CI)
	@touch $(NPM_RUNTIME) $(VENDOR) $@

$(VENDOR): $(NPM_RUNTIME) $(VENDOR_FILES)
	node web/tools/vendor.mjs $(@D)

$(GEN)/assets.c: $(VENDOR) $(WEB_FILES) web/tools/embed.sh $(GEN)/web-files
	$(call say,gen )
	$(Q)web/tools/embed.sh $(GEN) web $(BUILD)/web

$(GEN)/web-files: force
	@mkdir -p $(@D)
	@echo '$(WEB_FILES)' | cmp -s - $@ || echo '$(WEB_FILES)' > $@

$(OUT)/gen/assets.o: $(GEN)/assets.c $(OUT)/flags
	@mkdir -p $(@D)
	$(call say,cc  )
	$(Q)$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(OUT)/gen/assets_bytes.o: $(GEN)/assets.c
	@mkdir -p $(@D)
	$(Q)$(CC) -c -o $@ $(GEN)/assets.S

# ---- tests -------------------------------------------------------------------
# A suite is any file below that does not begin with "lib"; see tests/README.md.

suites = $(sort $(foreach kind,$(2),$(filter-out tests/$(1)/lib%,$(wildcard tests/$(1)/*.$(kind)))))
STYLE    = $(call suites,style,sh)
API      = $(call suites,api,sh mjs)
SCENARIO = $(call suites,scenario,sh mjs)
BROWSER  = $(call suites,browser,test.mjs)

export MEKIKI   = $(abspath $(OUT)/mekiki)
export VLLM_SIM = $(abspath $(OUT)/vllm-sim)
export FAKE_NVIDIA_SMI = $(abspath $(OUT)/fake-nvidia-smi)
export FILL_RUN = $(abspath $(OUT)/fill-run)
export SHARED   = $(abspath $(wildcard ../shared))
export BUILD
RUN = LOGS=$(BUILD)/test-logs/$(VARIANT) tests/run

.PHONY: programs
programs: $(OUT)/mekiki $(OUT)/vllm-sim $(OUT)/fake-nvidia-smi $(OUT)/fill-run $(TEST_BINARIES)

.PHONY: unit
unit: $(TEST_BINARIES) $(OUT)/vllm-sim $(OUT)/fake-nvidia-smi
	@$(RUN) -j $(JOBS) $(TEST_BINARIES)

.PHONY: check
check: $(OUT)/mekiki $(OUT)/vllm-sim $(OUT)/fake-nvidia-smi $(TEST_BINARIES) ## unit and style tests, in seconds
	@$(RUN) -j $(JOBS) $(TEST_BINARIES) $(STYLE)

.PHONY: test
test: programs $(if $(BROWSER),$(NPM_TOOLS)) ## everything: unit, style, API, scenarios, browser
	@$(RUN) -j $(JOBS) $(TEST_BINARIES) $(STYLE) $(API) -j 1 $(SCENARIO) $(BROWSER)

# A sanitizer says what it found and fails the suite; leaks count.
SANITIZED = LIMIT=900 ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1 \
            UBSAN_OPTIONS=print_stacktrace=1 TSAN_OPTIONS=suppressions=$(abspath tests/tsan.supp):second_deadlock_stack=1

.PHONY: asan
asan: ## unit, API and scenario tests under the address and undefined sanitizers
	@$(MAKE) --no-print-directory VARIANT=asan programs
	@$(MAKE) --no-print-directory VARIANT=asan sanitized SUITES='$(API) -j 1 $(SCENARIO)'

.PHONY: tsan
tsan: ## unit and API tests under the thread sanitizer
	@$(MAKE) --no-print-directory VARIANT=tsan programs
	@$(MAKE) --no-print-directory VARIANT=tsan sanitized SUITES='$(API)'

.PHONY: sanitized
sanitized: programs
	@$(SANITIZED) $(RUN) -j $(JOBS) $(TEST_BINARIES) $(SUITES)

.PHONY: lint
lint: $(if $(shell command -v $(NPM)),$(NPM_TOOLS)) ## -Werror, types, formats, HTML, shell syntax
	@$(MAKE) --no-print-directory WERROR=1 $(if $(WERROR),,VARIANT=lint) programs
	@tests/lint

# ---- using it ----------------------------------------------------------------

.PHONY: deps
deps: ## the packages for the administrator; installs them if that needs no password
	@./bootstrap deps

DEMO_DATA = $(BUILD)/demo/handoff.csv
NPM_DEMO  = tests/demo/node_modules/.mekiki-demo

$(NPM_DEMO): tests/demo/package-lock.json
	cd tests/demo && $(NPM) ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(DEMO_DATA): $(NPM_DEMO) tests/demo/data.mjs tests/demo/score.mjs
	@node tests/demo/data.mjs $(@D)

.PHONY: demo
demo: $(OUT)/mekiki $(OUT)/vllm-sim $(DEMO_DATA) ## 2,500 real domains, three simulated workers, a live page
	@tests/demo/run.sh start

.PHONY: demo-stop
demo-stop: ## ends what the demo started, and nothing else
	@tests/demo/run.sh stop

.PHONY: screenshots
screenshots: $(OUT)/mekiki $(OUT)/vllm-sim $(NPM_TOOLS) ## every page as pictures, into build/screenshots
	node tests/browser/shots.mjs $(BUILD)/screenshots

# The pages from disk: edit, reload. Links, because served is one folder.
.PHONY: dev
dev: $(OUT)/mekiki ## the server with its pages from disk, for work on web/
	@mkdir -p $(BUILD)/dev/web
	@ln -sfn $(abspath $(wildcard web/*.html web/js web/css web/i18n web/icons) $(BUILD)/web/vendor) $(BUILD)/dev/web/
	@printf 'server: {web_dir: "%s", data_dir: "%s"}\n' $(abspath $(BUILD)/dev/web $(BUILD)/dev/data) > $(BUILD)/dev/mekiki.yaml
	$(OUT)/mekiki serve --config $(BUILD)/dev/mekiki.yaml

.PHONY: generate
generate: $(OUT)/mekiki ## writes the committed files that the program generates
	$(OUT)/mekiki config --annotated > config/mekiki.yaml

.PHONY: install
install: $(OUT)/mekiki ## into DESTDIR and PREFIX (/usr/local; PREFIX=~/.local needs no root)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/doc/mekiki $(DESTDIR)$(PREFIX)/lib/systemd/user
	install -m 755 $(OUT)/mekiki $(DESTDIR)$(PREFIX)/bin/mekiki
	install -m 644 config/mekiki.yaml README.md LICENSE CHANGELOG.md $(BUILD)/web/vendor/LICENSES.txt $(DESTDIR)$(PREFIX)/share/doc/mekiki/
	sed 's|/usr/local/|$(PREFIX)/|' config/mekiki.service > $(DESTDIR)$(PREFIX)/lib/systemd/user/mekiki.service

.PHONY: clean
clean: ## removes what make made (after make demo-stop)
	@[ ! -e tests/demo/run.sh ] || tests/demo/run.sh stop
	rm -rf $(BUILD) web/node_modules tests/demo/node_modules
