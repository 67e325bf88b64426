# Compiler and linker flags for everything under src/, tests/, fuzz/ and bench/.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# One set of objects serves the static command, libashlar.a and libashlar.so.
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)

find_program(ASHLAR_CCACHE ccache)
if(ASHLAR_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${ASHLAR_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${ASHLAR_CCACHE})
endif()

# The optimization level is CMAKE_CXX_FLAGS_RELEASE, set by the presets.
add_compile_options(
  -Wall -Wextra -Werror
  -fvisibility=hidden -fvisibility-inlines-hidden
  -ffunction-sections -fdata-sections -fno-plt
  # WebAssembly's floating point is exact: no fused multiply-add, and sqrt and rint are instructions.
  -ffp-contract=off -fno-math-errno)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  # SSSE3 and SSE4.1 are what the SIMD handlers need; every processor since 2009 has them.
  add_compile_options(-march=x86-64-v2)
endif()
add_link_options(-fuse-ld=lld -Wl,--gc-sections)

if(ASHLAR_SANITIZE)
  string(REPLACE ";" "," sanitize "${ASHLAR_SANITIZE}")
  add_compile_options(-fsanitize=${sanitize} -fno-sanitize-recover=all -fno-omit-frame-pointer -D_GLIBCXX_ASSERTIONS)
  if("undefined" IN_LIST ASHLAR_SANITIZE)
    # A sixth of the compile time for what the address sanitizer knows better.
    add_compile_options(-fno-sanitize=object-size,vptr)
  endif()
  add_link_options(-fsanitize=${sanitize})
  if("address" IN_LIST ASHLAR_SANITIZE)
    # The collector looks for references on the stack; locals on a stack of the sanitizer's own would be hidden from it.
    add_compile_options(-fsanitize-address-use-after-return=never)
  endif()
endif()
if(ASHLAR_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()

# Handlers keep their state in registers; anything a prologue adds is paid on every instruction.
# Float registers carry unspecified upper lanes between handlers: arguments must not be assumed fully defined.
set(ASHLAR_INTERP_FLAGS -fno-stack-protector -fno-asynchronous-unwind-tables -Wno-uninitialized "SHELL:-Xclang -no-enable-noundef-analysis")
if(NOT ASHLAR_SANITIZE)
  list(APPEND ASHLAR_INTERP_FLAGS -O3 -fomit-frame-pointer)
endif()
