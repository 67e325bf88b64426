# The optimizing compiler: lib/libashlar-llvm.so, which alone links LLVM, and the program that runs it,
# lib/ashlar/ashlar-llvm. The command and libashlar start that program; they link none of it.
find_program(ASHLAR_LLVM_CONFIG NAMES llvm-config-22 HINTS /usr/lib/llvm-22/bin)
if(ASHLAR_SANITIZE OR ASHLAR_FUZZ)
  return()  # LLVM is not instrumented: what it compiles is tested with the release build
endif()
if(CMAKE_CROSSCOMPILING)
  return()  # LLVM's library is this machine's: its compiler compiles for all
endif()
if(NOT ASHLAR_LLVM_CONFIG)
  message(WARNING "llvm-config-22 is missing (package llvm-22-dev): the optimizing compiler is not built")
  return()
endif()
execute_process(COMMAND ${ASHLAR_LLVM_CONFIG} --includedir OUTPUT_VARIABLE llvm_include OUTPUT_STRIP_TRAILING_WHITESPACE)
execute_process(COMMAND ${ASHLAR_LLVM_CONFIG} --libdir OUTPUT_VARIABLE llvm_libdir OUTPUT_STRIP_TRAILING_WHITESPACE)

ashlar_sources(optimizing optimizing_sources)
set(optimizing_main ${PROJECT_SOURCE_DIR}/src/optimizing/main.cc)
list(REMOVE_ITEM optimizing_sources ${optimizing_main})
list(FILTER optimizing_sources EXCLUDE REGEX "/bitcode/")

# Compiled once, for the library and for its unit tests.
add_library(ashlar_optimizing OBJECT ${optimizing_sources})
target_include_directories(ashlar_optimizing PUBLIC ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
target_include_directories(ashlar_optimizing SYSTEM PUBLIC ${llvm_include})
target_compile_options(ashlar_optimizing PUBLIC -fno-rtti)
ashlar_precompile(ashlar_optimizing FOLDERS ${ASHLAR_FOLDER_optimizing_DEPS} optimizing)

# ashlar_link_llvm(target): LLVM, as one shared library.
function(ashlar_link_llvm target)
  target_link_directories(${target} PRIVATE ${llvm_libdir})
  target_link_libraries(${target} PRIVATE LLVM-22 Threads::Threads)
endfunction()

set(optimizing_objects $<TARGET_OBJECTS:ashlar_optimizing>)
foreach(folder IN LISTS ASHLAR_FOLDER_optimizing_DEPS)
  get_target_property(type ashlar_${folder} TYPE)
  if(type STREQUAL "STATIC_LIBRARY")
    list(APPEND optimizing_objects $<TARGET_OBJECTS:ashlar_${folder}>)
  endif()
endforeach()
add_library(ashlar_llvm SHARED ${optimizing_objects})
set_target_properties(ashlar_llvm PROPERTIES OUTPUT_NAME ashlar-llvm LINKER_LANGUAGE CXX
                      VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR} INSTALL_RPATH ${llvm_libdir})
ashlar_link_llvm(ashlar_llvm)
include(${PROJECT_SOURCE_DIR}/src/optimizing/bitcode.cmake)

add_executable(ashlar_llvm_program ${optimizing_main})
set_target_properties(ashlar_llvm_program PROPERTIES OUTPUT_NAME ashlar-llvm
                      RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib/ashlar
                      BUILD_RPATH "$ORIGIN/..")
target_include_directories(ashlar_llvm_program PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
target_link_libraries(ashlar_llvm_program PRIVATE ashlar_llvm)
# LLVM allocates a great deal: "Why so few passes?" in docs/rationale.md.
find_library(ASHLAR_MIMALLOC mimalloc)
if(ASHLAR_MIMALLOC)
  target_link_options(ashlar_llvm_program PRIVATE -Wl,--push-state,--no-as-needed,${ASHLAR_MIMALLOC},--pop-state)
else()
  message(STATUS "libmimalloc is missing (package libmimalloc-dev): compiling takes a tenth longer")
endif()
