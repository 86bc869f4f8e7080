# mekiki - `make help` lists the targets

BUILD    ?= build
VARIANT  ?= release
CC       ?= cc
PREFIX   ?= /usr/local
DESTDIR  ?=

PACKAGES = libmicrohttpd libcurl jansson yaml-0.1 sqlite3 libuv gnutls libidn2 libzstd
OUT      = $(BUILD)/$(VARIANT)

WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
           -Wswitch-enum -Wvla -Wwrite-strings -Wundef $(if $(WERROR),-Werror)
FLAGS_release = -O2 -g -D_FORTIFY_SOURCE=2
FLAGS_asan    = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
FLAGS_tsan    = -O1 -g -fsanitize=thread -fno-omit-frame-pointer
CFLAGS_ALL = -std=c17 -D_GNU_SOURCE $(WARNINGS) -fno-common -fstack-protector-strong -fPIE -pthread \
             -Iinclude -Iserver -I$(BUILD)/gen $(FLAGS_$(VARIANT)) $(shell pkg-config --cflags $(PACKAGES)) $(CFLAGS)
LDFLAGS_ALL = -pie -pthread -Wl,-z,relro,-z,now $(filter -fsanitize=%,$(FLAGS_$(VARIANT))) $(LDFLAGS)
LIBS = $(shell pkg-config --libs $(PACKAGES)) -lm

SOURCES = $(filter-out server/main.c,$(sort $(shell find server -name '*.c')))
OBJECTS = $(SOURCES:%.c=$(OUT)/%.o)
TESTS   = $(sort $(wildcard tests/unit/test_*.c))
TEST_BINARIES = $(TESTS:%.c=$(OUT)/%)

.PHONY: all
all: $(OUT)/mekiki

$(OUT)/mekiki: $(OUT)/server/main.o $(OUT)/libmekiki.a
	$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS)

$(OUT)/libmekiki.a: $(OBJECTS)
	@rm -f $@
	ar rcs $@ $^

$(OUT)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(OUT)/tests/unit/%: $(OUT)/tests/unit/%.o $(OUT)/libmekiki.a
	$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS) $(shell pkg-config --libs cmocka)

.PHONY: unit
unit: $(TEST_BINARIES)
	@for test in $(TEST_BINARIES); do $$test || exit 1; done

-include $(shell find $(OUT) -name '*.d' 2>/dev/null)
