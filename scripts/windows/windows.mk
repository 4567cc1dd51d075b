# windows.mk - cross-compiles the library, and what it needs, for Windows; the Makefile includes it.
#
# One run is for one ARCH, x64 or x86. $(WINDOWS)/hcs-$(ARCH) is the folder to carry to a Windows machine, and
# $(WINDOWS)/$(ARCH) has the objects, the libraries and the tests' programs.

ARCH ?= x64
WINDOWS := $(BUILD)/windows
WINDOWS_SOURCES := $(WINDOWS)/sources
W := $(WINDOWS)/$(ARCH)
FOLDER := $(WINDOWS)/hcs-$(ARCH)

WINDOWS_PACKAGES := lua5.4 lua-cjson jansson lua-filesystem cmocka
WINDOWS_HOST_x64 := x86_64-w64-mingw32
WINDOWS_HOST_x86 := i686-w64-mingw32
WINDOWS_HOST := $(WINDOWS_HOST_$(ARCH))
WINDOWS_CC = $(WINDOWS_HOST)-gcc
WINDOWS_CFLAGS ?= -O2

# Windows 10 is the oldest that has all of vmcompute.dll. The printf of mingw knows C99's formats, Windows' own does not.
WINDOWS_CPPFLAGS := -DWINVER=0x0A00 -D_WIN32_WINNT=0x0A00 -D__USE_MINGW_ANSI_STDIO=1 -DWIN32_LEAN_AND_MEAN -iquote . \
  -I $(W)/include -I $(WINDOWS_SOURCES)/lua5.4/src -I $(WINDOWS_SOURCES)/jansson/src
# -static: the compiler's own libraries; Windows' are DLLs all the same.
WINDOWS_LDFLAGS := -static -Wl,--no-insert-timestamp
WINDOWS_LIBS := -lole32 -lbcrypt

# ---- sources ---------------------------------------------------------------------------------------

PLATFORM_SOURCES := $(wildcard hcs/windows/*.c)
windows_object = $(patsubst %.c,$(W)/obj/%.o,$(1))
WINDOWS_OBJECTS := $(call windows_object,$(SHARED_SOURCES) $(PLATFORM_SOURCES))
WINDOWS_MODULE := $(call windows_object,$(BINDING_SOURCES)) $(WINDOWS_OBJECTS)
STANDIN_OBJECTS := $(call windows_object,$(wildcard test/windows/standin/*.c))
WINDOWS_TESTS := $(patsubst test/windows/%.c,$(W)/test/%.exe,$(wildcard test/windows/*_test.c))
WINDOWS_PROGRAMS := $(patsubst test/windows/%.c,$(W)/test/%.exe,$(wildcard test/windows/*_program.c))

WINDOWS_HEADERS := $(W)/include/jansson_config.h $(W)/include/cmocka.h
# Objects of others' sources: package, files in its folder.
foreign = $(patsubst $(WINDOWS_SOURCES)/%.c,$(W)/obj/foreign/%.o,$(wildcard $(addprefix $(WINDOWS_SOURCES)/$(1)/,$(2))))
LUA_OBJECTS := $(filter-out %/src/lua.o %/src/luac.o,$(call foreign,lua5.4,src/*.c))
CJSON_OBJECTS := $(call foreign,lua-cjson,lua_cjson.c strbuf.c fpconv.c)
JANSSON_OBJECTS := $(call foreign,jansson,src/*.c)

# ---- rules -----------------------------------------------------------------------------------------

.PHONY: windows-folder windows-binaries windows-headers
windows-folder: windows-binaries
	@$(say) "COPY $(FOLDER)"
	$(Q)scripts/windows/bundle $(FOLDER) $(WINDOWS_SOURCES) $(W)/test
windows-binaries: $(patsubst %,$(FOLDER)/%,lua.exe lua54.dll cjson.dll \
  hcs/core.dll) \
  $(W)/test/lfs.dll $(W)/test/layer/puppet.exe $(WINDOWS_TESTS) $(WINDOWS_PROGRAMS) \
  $(W)/test/vmcompute.dll $(W)/test/standin.dll

$(W)/obj/%.o: %.c Makefile scripts/windows/windows.mk $(WINDOWS_HEADERS)
	@mkdir -p $(@D)
	@$(say) "CC $@"
	$(Q)$(WINDOWS_CC) $(WINDOWS_CPPFLAGS) -std=c11 $(WARNINGS) $(WERROR) $(WINDOWS_CFLAGS) -MMD -MP -c -o $@ $<

# The code of others is compiled as its own makefiles would; their warnings are theirs.
$(W)/obj/foreign/lua5.4/%.o: FOREIGN_FLAGS := -DLUA_BUILD_AS_DLL
$(W)/obj/foreign/lua5.4/src/lua.o: FOREIGN_FLAGS :=
$(W)/obj/foreign/lua-cjson/%.o: FOREIGN_FLAGS := -DNDEBUG -DDISABLE_INVALID_NUMBERS
$(W)/obj/foreign/jansson/%.o: FOREIGN_FLAGS := -DHAVE_STDINT_H -DHAVE_SYS_TYPES_H -DUSE_WINDOWS_CRYPTOAPI
$(W)/obj/foreign/cmocka/%.o: FOREIGN_FLAGS := -I $(WINDOWS_SOURCES)/cmocka/include $(patsubst %,-DHAVE_%,\
  INTTYPES_H MALLOC_H SIGNAL_H GCC_THREAD_LOCAL_STORAGE)

$(W)/obj/foreign/%.o: $(WINDOWS_SOURCES)/%.c scripts/windows/windows.mk $(WINDOWS_HEADERS)
	@mkdir -p $(@D)
	@$(say) "CC $@"
	$(Q)$(WINDOWS_CC) $(WINDOWS_CPPFLAGS) -std=gnu11 -w -O2 $(FOREIGN_FLAGS) -c -o $@ $<

windows-headers: $(WINDOWS_HEADERS)

# What jansson's configure script would find; what it only uses itself is in FOREIGN_FLAGS.
$(W)/include/jansson_config.h: $(WINDOWS_SOURCES)/jansson/src/jansson_config.h.in scripts/windows/windows.mk
	@mkdir -p $(@D)
	$(Q)sed -e 's/@json_inline@/inline/' -e 's/@json_have_[a-z_]*@/1/' $< >$@
	$(Q)touch $(@D)/jansson_private_config.h

# It is compiled with mingw's printf, too.
$(W)/include/cmocka.h: $(WINDOWS_SOURCES)/cmocka/include/cmocka.h scripts/windows/windows.mk
	@mkdir -p $(@D)
	$(Q)sed 's/__printf__/__gnu_printf__/' $< >$@

$(W)/libjansson.a: $(JANSSON_OBJECTS)
	@rm -f $@
	$(Q)$(WINDOWS_HOST)-ar rcs $@ $^

$(W)/libcmocka.a: $(call foreign,cmocka,src/cmocka.c)
	@rm -f $@
	$(Q)$(WINDOWS_HOST)-ar rcs $@ $^

# An archive, so that a test is linked with what it calls alone.
$(W)/libhcs.a: $(WINDOWS_OBJECTS)
	@rm -f $@
	$(Q)$(WINDOWS_HOST)-ar rcs $@ $^

# Extra flags, and libraries last, follow it.
define WINDOWS_LINK
@mkdir -p $(@D)
@$(say) "LINK $@"
$(Q)$(WINDOWS_CC) -o $@ $^ $(WINDOWS_CFLAGS) $(WINDOWS_LDFLAGS)
endef

$(FOLDER)/lua54.dll: $(LUA_OBJECTS)
	$(WINDOWS_LINK) -s -shared

$(FOLDER)/lua.exe: $(call foreign,lua5.4,src/lua.c) $(FOLDER)/lua54.dll
	$(WINDOWS_LINK) -s

$(FOLDER)/cjson.dll: $(CJSON_OBJECTS) $(FOLDER)/lua54.dll
	$(WINDOWS_LINK) -s -shared

$(FOLDER)/hcs/core.dll: $(WINDOWS_MODULE) $(W)/libjansson.a $(FOLDER)/lua54.dll
	$(WINDOWS_LINK) -shared $(WINDOWS_LIBS)

# ---- test programs ---------------------------------------------------------------------------------
# test/windows/x_test.c      cmocka, with what it calls of the core, of hcs/windows and of Lua
# test/windows/x_program.c   a program that a spec or a C test runs
# test/windows/standin/*.c   the vmcompute.dll of the tests; standin_lua.c is require "standin", its control
# test/puppet/               the program that common specs run in containers, alone in a layer

$(W)/test/lfs.dll: $(call foreign,lua-filesystem,src/lfs.c) $(FOLDER)/lua54.dll
	$(WINDOWS_LINK) -s -shared

$(W)/test/%_test.exe: $(W)/obj/test/windows/%_test.o $(W)/libhcs.a $(W)/libcmocka.a $(W)/libjansson.a $(FOLDER)/lua54.dll
	$(WINDOWS_LINK) $(WINDOWS_LIBS)

# What make would take for intermediate, and remove.
.PRECIOUS: $(W)/obj/test/windows/%.o

$(W)/test/%_program.exe: $(W)/obj/test/windows/%_program.o
	$(WINDOWS_LINK) $(WINDOWS_LIBS)

# -municode: its main takes UTF-16.
$(W)/test/layer/puppet.exe: $(call windows_object,test/puppet/puppet.c test/puppet/windows.c)
	$(WINDOWS_LINK) -s -municode

$(W)/test/standin.dll: $(call windows_object,test/windows/standin_lua.c) $(FOLDER)/lua54.dll
	$(WINDOWS_LINK) -s -shared

# The .def file has undecorated names, which are found with their @4 and the like on x86.
$(W)/test/vmcompute.dll: $(STANDIN_OBJECTS) test/windows/standin/vmcompute.def $(W)/libjansson.a
	$(WINDOWS_LINK) -shared -Wl,--enable-stdcall-fixup $(WINDOWS_LIBS)

-include $(shell find $(W)/obj -name '*.d' 2>/dev/null)
