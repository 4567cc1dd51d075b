# hcs - the Host Compute Service's container API for Lua. `make help` lists the targets.
#
# A user needs a C compiler, Lua's headers, jansson and make; everything else here is for tests.

.DEFAULT_GOAL := build
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
SHELL := /bin/sh

BUILD ?= build
PREFIX ?= /usr/local
LUA_VERSION ?= 5.4
LUADIR ?= $(PREFIX)/share/lua/$(LUA_VERSION)
LIBDIR ?= $(PREFIX)/lib/lua/$(LUA_VERSION)
DOCDIR ?= $(PREFIX)/share/doc/hcs

# ---- tools and flags -------------------------------------------------------------------------------
# CC, CFLAGS, CPPFLAGS, LDFLAGS, LIBFLAG, LUA_INCDIR, JANSSON_INCDIR and JANSSON_LIBDIR are yours (luarocks
# passes them); what the code cannot do without stands in the HCS_ variables.

ifeq ($(origin CC),default)
CC := cc
endif
CFLAGS ?= -O2 -g
LUA ?= $(shell command -v lua$(LUA_VERSION) || echo lua)
PKG_CONFIG ?= pkg-config
CLANG_FORMAT ?= clang-format
CLANG_TIDY ?= clang-tidy
CPPCHECK ?= cppcheck
LUACHECK ?= luacheck
JOBS ?= $(shell nproc 2>/dev/null || echo 2)

# Asked for when first used and once only.
once = $(eval $(1) := $$(shell $(2)))$($(1))
LUA_CFLAGS = $(call once,LUA_CFLAGS,\
  $(if $(LUA_INCDIR),echo "-I$(LUA_INCDIR)",\
    $(PKG_CONFIG) --cflags lua$(LUA_VERSION) 2>/dev/null || $(PKG_CONFIG) --cflags lua 2>/dev/null))
LUA_LIBS = $(call once,LUA_LIBS,\
  $(PKG_CONFIG) --libs lua$(LUA_VERSION) 2>/dev/null || echo -llua$(LUA_VERSION))
JANSSON_CFLAGS = $(call once,JANSSON_CFLAGS,\
  $(if $(JANSSON_INCDIR),echo "-I$(JANSSON_INCDIR)",$(PKG_CONFIG) --cflags jansson 2>/dev/null))
JANSSON_LIBS = $(call once,JANSSON_LIBS,\
  $(if $(JANSSON_LIBDIR),echo "-L$(JANSSON_LIBDIR) -ljansson",\
    $(PKG_CONFIG) --libs jansson 2>/dev/null || echo -ljansson))

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
  -Wwrite-strings -Wundef -Wformat=2 -Wvla
# -iquote, not -I: hcs/error.h must not become the system's <error.h>.
HCS_CPPFLAGS = -D_GNU_SOURCE -iquote . -iquote hcs
HCS_CFLAGS = -std=c11 -fPIC -fvisibility=hidden -pthread $(WARNINGS) $(WERROR)
# Like Lua's own modules it takes liblua's symbols from the program that loads it.
LIBFLAG ?= -shared
HCS_LIBS = $(JANSSON_LIBS) -pthread

# The guest is a program without libc, whatever flags the rest is built with.
GUEST_CFLAGS := -std=c11 -Os -ffreestanding -fno-builtin -fno-pic -fno-pie -fno-stack-protector \
  -fno-asynchronous-unwind-tables -fno-unwind-tables -fno-exceptions -fno-strict-aliasing \
  -ffunction-sections -fdata-sections -fcf-protection=none -U_FORTIFY_SOURCE $(WARNINGS)
GUEST_LDFLAGS := -nostdlib -nostartfiles -static -no-pie -Wl,-z,noexecstack -Wl,-z,norelro \
  -Wl,--build-id=none -Wl,--gc-sections -Wl,-s

# ---- sources ---------------------------------------------------------------------------------------

SHARED_SOURCES := $(wildcard hcs/*.c)
LINUX_SOURCES := $(wildcard hcs/linux/*.c)
GUEST_SOURCES := $(wildcard hcs/guest/*.c hcs/guest/*.S)
BINDING_SOURCES := $(wildcard lhcs.c)
LUA_SOURCES := $(wildcard lua/hcs/*.lua)
TEST_SOURCES := $(wildcard test/*_test.c)
PROGRAM_SOURCES := $(wildcard test/*_program.c)

object = $(patsubst %,$(BUILD)/obj/%.o,$(basename $(1)))

SHARED_OBJECTS := $(call object,$(SHARED_SOURCES))
MODULE_OBJECTS := $(call object,$(BINDING_SOURCES) $(SHARED_SOURCES) $(LINUX_SOURCES)) \
  $(if $(GUEST_SOURCES),$(BUILD)/obj/guest_image.o)
# Files of the guest that make no system call, and serve the host side as well.
HOSTED_OBJECTS := $(patsubst %,$(BUILD)/obj/hosted/hcs/guest/%.o,string user_files)
MODULE_OBJECTS += $(HOSTED_OBJECTS)
GUEST_OBJECTS := $(patsubst %,$(BUILD)/obj/%.o,$(basename $(GUEST_SOURCES)))
# What a C test is linked with: the shared core on the in-memory platform, and pure pieces of the platforms.
TEST_OBJECTS := $(SHARED_OBJECTS) \
  $(call object,$(wildcard hcs/linux/command_line.c hcs/windows/command_line.c test/memory_platform.c))
# More objects for one test: <name>_OBJECTS.
config_test_OBJECTS := $(patsubst %,$(BUILD)/obj/hcs/linux/%.o,\
  config container_path disk disk_image disk_users fd host_path limits mapped resolv stage storage_device)
devpts_test_OBJECTS := $(patsubst %,$(BUILD)/obj/hcs/linux/%.o,\
  devpts fd guest_root kernel_text proc_text process_stat wait)
mount_table_test_OBJECTS := $(patsubst %,$(BUILD)/obj/hcs/linux/%.o,\
  fd guest_root kernel_text mount_table proc_text process_stat wait)
resolv_test_OBJECTS := $(patsubst %,$(BUILD)/obj/hcs/linux/%.o,fd resolv)
disk_test_OBJECTS := $(patsubst %,$(BUILD)/obj/hcs/linux/%.o,\
  container_path disk disk_image disk_record disk_users fd host_path mapped mapped_record stage)
disk_image_test_OBJECTS := $(call object,hcs/linux/disk_image.c)
limits_test_OBJECTS := $(patsubst %,$(BUILD)/obj/hcs/linux/%.o,fd group_file limits storage_device)
kernel_text_test_OBJECTS := $(call object,hcs/linux/kernel_text.c)
proc_text_test_OBJECTS := $(kernel_text_test_OBJECTS) $(call object,hcs/linux/proc_text.c)
statistics_test_OBJECTS := $(proc_text_test_OBJECTS) $(patsubst %,$(BUILD)/obj/hcs/linux/%.o,\
  cgroup_paths fd group_counters network_counters process_list process_stat result statistics \
  storage_counters wall_clock)
user_files_test_OBJECTS := $(HOSTED_OBJECTS)
$(foreach t,$(wildcard test/guest_*_test.c),\
  $(eval $(basename $(notdir $t))_OBJECTS := $(call object,test/guest_fixture.c test/guest_peer.c)))
protocol_test_OBJECTS := $(patsubst %,$(BUILD)/obj/hcs/linux/%.o,\
  channel exits fd memfd plan quiet_write socket spawn_request wait)

# `make V=1` shows the commands.
Q := $(if $(V),,@)
say = $(if $(V),:,echo)

# ---- build -----------------------------------------------------------------------------------------

.PHONY: build
build: $(BUILD)/hcs/core.so ## the module, into build/ (this is what `make` alone does)

$(BUILD)/hcs/core.so: $(MODULE_OBJECTS)
	@mkdir -p $(@D)
	@$(say) "LINK $@"
	$(Q)$(CC) $(LIBFLAG) -o $@ $^ $(CFLAGS) $(LDFLAGS) $(HCS_LIBS)

$(BUILD)/obj/lhcs.o $(BUILD)/obj/test/%.o: HCS_CPPFLAGS += $(LUA_CFLAGS)

define COMPILE
@mkdir -p $(@D)
@$(say) "CC $@"
$(Q)$(CC) $(HCS_CPPFLAGS) $(JANSSON_CFLAGS) $(CPPFLAGS) $(HCS_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<
endef

$(BUILD)/obj/%.o: %.c Makefile
	$(COMPILE)

$(BUILD)/obj/hosted/%.o: %.c Makefile
	$(COMPILE)

$(BUILD)/obj/hcs/guest/%.o: hcs/guest/%.c Makefile
	@mkdir -p $(@D)
	@$(say) "CC $@"
	$(Q)$(CC) $(HCS_CPPFLAGS) $(GUEST_CFLAGS) $(WERROR) -MMD -MP -c -o $@ $<

$(BUILD)/obj/hcs/guest/%.o: hcs/guest/%.S Makefile
	@mkdir -p $(@D)
	@$(say) "CC $@"
	$(Q)$(CC) $(HCS_CPPFLAGS) $(GUEST_CFLAGS) $(WERROR) -MMD -MP -c -o $@ $<

$(BUILD)/guest: $(GUEST_OBJECTS)
	@$(say) "LINK $@"
	$(Q)$(CC) $(GUEST_CFLAGS) $(GUEST_LDFLAGS) -o $@ $^

$(BUILD)/embed: scripts/embed.c
	@mkdir -p $(@D)
	@$(say) "LINK $@"
	$(Q)$(CC) -O1 -o $@ $<

$(BUILD)/guest_image.c: $(BUILD)/guest $(BUILD)/embed
	@$(say) "EMBED $@"
	$(Q)$(BUILD)/embed hcs_guest_image $(BUILD)/guest > $@

$(BUILD)/obj/guest_image.o: $(BUILD)/guest_image.c
	@$(say) "CC $@"
	$(Q)$(CC) $(HCS_CFLAGS) $(CFLAGS) -c -o $@ $<

# ---- test programs ---------------------------------------------------------------------------------
# test/x_test.c      cmocka, on the in-memory platform
# test/x_program.c   a program that a spec runs, linked with liblua
# test/guest_harness.c   a freestanding program around the guest's own objects, for guest_*_test
# test/binding_sweep.c   fails every allocation of the binding once, on the in-memory platform
# test/puppet/           the program that common specs run in containers: test/layer is a layer with it alone

TESTS := $(patsubst test/%.c,$(BUILD)/test/%,$(TEST_SOURCES))
PROGRAMS := $(patsubst test/%.c,$(BUILD)/test/%,$(PROGRAM_SOURCES))
HARNESS := $(patsubst test/%.c,$(BUILD)/test/%,$(wildcard test/guest_harness.c))
SWEEP := $(patsubst test/%.c,$(BUILD)/test/%,$(wildcard test/binding_sweep.c))
PUPPET := $(BUILD)/test/layer/bin/puppet

.PHONY: test-programs
test-programs: $(TESTS) $(PROGRAMS) $(HARNESS) $(SWEEP) $(PUPPET)

.SECONDEXPANSION:
$(TESTS): $(BUILD)/test/%: $(BUILD)/obj/test/%.o $(TEST_OBJECTS) $$(%_OBJECTS)
	@mkdir -p $(@D)
	@$(say) "LINK $@"
	$(Q)$(CC) -o $@ $(sort $^) $(CFLAGS) $(LDFLAGS) -lcmocka $(HCS_LIBS)

$(PROGRAMS): $(BUILD)/test/%: $(BUILD)/obj/test/%.o $$(%_OBJECTS)
	@mkdir -p $(@D)
	@$(say) "LINK $@"
	$(Q)$(CC) -o $@ $^ $(CFLAGS) $(LDFLAGS) $(LUA_LIBS) -ldl -pthread

$(BUILD)/obj/test/guest_harness.o: test/guest_harness.c Makefile
	@mkdir -p $(@D)
	@$(say) "CC $@"
	$(Q)$(CC) $(HCS_CPPFLAGS) $(GUEST_CFLAGS) $(WERROR) -MMD -MP -c -o $@ $<

# An archive, so that the harness takes the service alone: the isolation is what it replaces.
$(BUILD)/obj/guest.a: $(GUEST_OBJECTS)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(HARNESS): $(BUILD)/obj/test/guest_harness.o $(BUILD)/obj/guest.a
	@mkdir -p $(@D)
	@$(say) "LINK $@"
	$(Q)$(CC) $(GUEST_CFLAGS) $(GUEST_LDFLAGS) -o $@ $^

$(SWEEP): $(BUILD)/obj/test/binding_sweep.o $(BUILD)/obj/lhcs.o $(TEST_OBJECTS)
	@mkdir -p $(@D)
	@$(say) "LINK $@"
	$(Q)$(CC) -o $@ $(sort $^) $(CFLAGS) $(LDFLAGS) $(LUA_LIBS) $(HCS_LIBS)

# Static and without the sanitizers: the container has no libraries.
$(PUPPET): test/puppet/puppet.c test/puppet/linux.c test/puppet/puppet.h Makefile
	@mkdir -p $(@D)
	@$(say) "LINK $@"
	$(Q)$(CC) -D_GNU_SOURCE -std=c11 $(WARNINGS) $(WERROR) -O1 -static -s -o $@ $(filter %.c,$^)

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

# ---- Windows ---------------------------------------------------------------------------------------

include scripts/windows/windows.mk

.PHONY: windows
windows: ## the library for Windows with all that it needs, in folders: build/windows/hcs-x64, hcs-x86
	@scripts/dependencies windows
	@scripts/windows/sources $(WINDOWS_SOURCES) $(WINDOWS_PACKAGES)
	@$(MAKE) --no-print-directory ARCH=x64 windows-folder
	@$(MAKE) --no-print-directory ARCH=x86 windows-folder

# ---- try it ----------------------------------------------------------------------------------------

.PHONY: demo
demo: ## install what is missing, build, make a base layer, run examples/quickstart.lua (root)
	@[ "$$(id -u)" = 0 ] || { echo "make demo: run as root: it starts a container" >&2; exit 1; }
	@scripts/dependencies build demo
	@$(MAKE) --no-print-directory build
	@scripts/make-base-layer
	@$(MAKE) --no-print-directory quickstart

# Of its own, because make expands a whole recipe, and looks for Lua, before it runs the first line.
.PHONY: quickstart
quickstart: build
	@echo "RUN examples/quickstart.lua"
	@eval "$$($(MAKE) -s --no-print-directory env)" && $(LUA) examples/quickstart.lua

.PHONY: env
env: ## print the exports that make require "hcs" work from here: eval "$(make -s env)"
	@printf "export LUA_PATH='%s/lua/?.lua;%s/lua/?/init.lua;'\"\$${LUA_PATH:-;}\"\n" "$(CURDIR)" "$(CURDIR)"
	@printf "export LUA_CPATH='%s/?.so;'\"\$${LUA_CPATH:-;}\"\n" "$(abspath $(BUILD))"

.PHONY: install
install: build ## install the module and its Lua files (PREFIX, LUADIR, LIBDIR, DESTDIR)
	install -d $(DESTDIR)$(LUADIR)/hcs $(DESTDIR)$(LIBDIR)/hcs
	install -m 644 $(LUA_SOURCES) $(DESTDIR)$(LUADIR)/hcs
	install -m 755 $(BUILD)/hcs/core.so $(DESTDIR)$(LIBDIR)/hcs

.PHONY: clean
clean: ## remove build/
	rm -rf $(BUILD)

# ---- check it --------------------------------------------------------------------------------------

.PHONY: test
test: ## install what is missing and run everything; SPEC=spec/x_spec.lua runs one spec
	@scripts/dependencies build demo specs test vm windows windows-test
	@MAKE="$(MAKE)" scripts/test $(SPEC)

.PHONY: test-v2
test-v2: ## specs (SPEC=…) in a virtual machine: kernel 6.1, control groups of version 2
	@scripts/dependencies build demo specs test vm
	@MAKE="$(MAKE)" scripts/test --v2 $(SPEC)

.PHONY: windows-test
windows-test: ## specs (SPEC=…) and C tests of the Windows platform under Wine; HCS=real says how on Windows
ifeq ($(HCS),real)
	@$(MAKE) --no-print-directory windows
	@echo "Take $(FOLDER) to a Windows machine with containers, and run test\\run-tests.cmd there as an administrator."
else
	@scripts/dependencies windows windows-test
	@MAKE="$(MAKE)" scripts/test --windows $(SPEC)
endif

.PHONY: asan
asan: ## C tests and specs (SPEC=…) under the address and undefined behaviour sanitizers
	@scripts/dependencies build demo specs test
	@MAKE="$(MAKE)" scripts/test --asan $(SPEC)

.PHONY: lint
lint: lint-format lint-tidy lint-cppcheck lint-lua lint-windows ## clang-format, clang-tidy, cppcheck, luacheck

C_FILES := $(wildcard *.c hcs/*.[ch] hcs/*/*.[ch] test/*.[ch] test/*/*.[ch] test/windows/*/*.[ch] bench/*.[ch] scripts/*.c)

.PHONY: lint-format lint-tidy lint-cppcheck lint-lua lint-windows
lint-format:
	@echo "$(CLANG_FORMAT) $(words $(C_FILES)) files"
	@$(CLANG_FORMAT) --dry-run -Werror $(C_FILES)

TIDY = xargs -r -P $(JOBS) -n 2 sh -c '$(CLANG_TIDY) --quiet $(1) "$$@" -- -std=c11 $(HCS_CPPFLAGS) \
  $(WARNINGS) -Wno-unused-value $(2) 2>/dev/null' --
# clang knows no gnu_printf, which mingw's gcc needs to be told of.
WINDOWS_TIDY = xargs -r -P $(JOBS) -n 2 sh -c '$(CLANG_TIDY) --quiet $(1) "$$@" -- --target=x86_64-w64-mingw32 \
  -isystem /usr/share/mingw-w64/include -std=c11 $(WINDOWS_CPPFLAGS) $(WARNINGS) -Wno-ignored-attributes $(2) \
  2>/dev/null' --
FAILING := hcs/error.c hcs/handle.c
PLAIN := $(wildcard $(FAILING) test/*.c test/puppet/puppet.c test/puppet/linux.c scripts/*.c)
TIDY_SHARED = $(filter-out $(FAILING),$(SHARED_SOURCES) $(BINDING_SOURCES))
TIDY_CFLAGS = $(LUA_CFLAGS) $(JANSSON_CFLAGS)
# The analyzer does not see that a system call in assembler writes memory.
GUEST_TIDY := --checks=-clang-analyzer-core.*
lint-tidy:
	@echo "$(CLANG_TIDY) $(words $(filter %.c,$(C_FILES))) files"
	@printf '%s\n' $(TIDY_SHARED) | $(call TIDY,,$(TIDY_CFLAGS) -DANALYZE_SHARED -include scripts/analyzer.h)
	@printf '%s\n' $(LINUX_SOURCES) | $(call TIDY,,$(TIDY_CFLAGS) -include scripts/analyzer.h)
	@printf '%s\n' $(PLAIN) | $(call TIDY,,$(TIDY_CFLAGS))
	@printf '%s\n' $(filter %.c,$(GUEST_SOURCES)) | $(call TIDY,$(GUEST_TIDY),-ffreestanding -fno-builtin)

# Functions that do not return, and pointers out of system calls, are beyond cppcheck.
CHECK = $(CPPCHECK) --quiet --std=c11 --language=c --enable=warning,performance,portability --inline-suppr \
  --suppress=missingIncludeSystem --suppress=uninitStructMember --error-exitcode=1 \
  $(foreach c,nullPointerRedundantCheck nullPointerArithmeticRedundantCheck,\
    --suppress='$c:hcs/guest/*' --suppress='$c:test/*') \
  -j $(JOBS) -D__GNUC__ -DLUA_VERSION_NUM=504 -I . -I hcs
WINDOWS_FILES := $(filter %.c,$(wildcard hcs/windows/* test/windows/* test/windows/*/*)) test/puppet/windows.c
lint-cppcheck:
	@echo "$(CPPCHECK) $(words $(filter %.c,$(C_FILES))) files"
	@$(CHECK) -D__linux__ -D__x86_64__ -D_GNU_SOURCE $(filter-out $(WINDOWS_FILES),$(filter %.c,$(C_FILES)))
	@$(CHECK) --platform=win64 -D_WIN32 $(filter hcs/%,$(WINDOWS_FILES))
	@$(CHECK) --platform=win64 -D_WIN32 $(filter test/%,$(WINDOWS_FILES))

# By what a compiler for Windows sees, which has to be there. The analyzer looks at one file at a time, and the
# stand-in checks the arguments of all its functions in one of them.
STANDIN_TIDY := --checks=-clang-analyzer-*
lint-windows:
	@scripts/dependencies windows
	@scripts/windows/sources $(WINDOWS_SOURCES) $(WINDOWS_PACKAGES)
	@$(MAKE) -s --no-print-directory ARCH=x64 windows-headers
	@echo "$(CLANG_TIDY) $(words $(WINDOWS_FILES)) files for Windows"
	@printf '%s\n' $(filter hcs/%,$(WINDOWS_FILES)) | $(call WINDOWS_TIDY,,-include scripts/analyzer.h)
	@printf '%s\n' $(filter test/windows/standin/%,$(WINDOWS_FILES)) | $(call WINDOWS_TIDY,$(STANDIN_TIDY))
	@printf '%s\n' $(filter-out hcs/% test/windows/standin/%,$(WINDOWS_FILES)) | $(call WINDOWS_TIDY)

lint-lua:
	@$(LUACHECK) --quiet lua spec examples types $(wildcard bench test)

.PHONY: format
format: ## put the C files into the house format
	$(CLANG_FORMAT) -i $(C_FILES)

ifneq ($(wildcard bench/Makefile),)
.PHONY: bench
bench: ## speed against crun, in one run (root); ROUNDS=100
	@scripts/dependencies build demo bench
	@$(MAKE) --no-print-directory build
	@$(MAKE) --no-print-directory -C bench
endif

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo "  make BUILD=dir puts the output elsewhere; CC, CFLAGS, LDFLAGS, PREFIX, DESTDIR are honoured"
