# Compiles the instruction semantics to LLVM bitcode for both architectures and tells the source that embeds them where
# they are. Include it where the target with src/optimizing/semantics_bitcode.cc is made.
set(bitcode_dir ${PROJECT_BINARY_DIR}/bitcode)
# For one of the two the C headers are another architecture's; they ask for a file that only their own has.
file(WRITE ${bitcode_dir}/include/gnu/stubs-32.h "")

set(header_options)
foreach(directory IN LISTS CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES)
  if(NOT directory MATCHES "/lib/clang/")
    list(APPEND header_options -isystem ${directory})
  endif()
endforeach()

file(GLOB semantics_headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/isa/*.h ${PROJECT_SOURCE_DIR}/src/isa/*.def
     ${PROJECT_SOURCE_DIR}/src/isa/ops/*.def)

set(bitcode_files)
foreach(target "x86_64;-msse4.1" "aarch64;")
  list(POP_FRONT target arch)
  set(output ${bitcode_dir}/${arch}.bc)
  # Relative names, so that the bytes do not depend on the place of the tree.
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_CXX_COMPILER} --target=${arch}-linux-gnu ${target} -std=c++23 -O2 -DASHLAR_SEMANTICS_BITCODE
            -Wall -Wextra -Werror -Wno-c99-designator -fno-exceptions -fno-math-errno -ffp-contract=off -fno-ident
            -nostdlibinc -nostdinc++ ${header_options} -isystem ${bitcode_dir}/include -I.
            -emit-llvm -c optimizing/semantics_bitcode.cc -o ${output}
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}/src
    DEPENDS ${PROJECT_SOURCE_DIR}/src/optimizing/semantics_bitcode.cc ${semantics_headers}
    COMMENT "Bitcode of the instruction semantics for ${arch}"
    VERBATIM)
  list(APPEND bitcode_files ${output})
  string(TOUPPER ${arch} upper)
  set_property(SOURCE ${PROJECT_SOURCE_DIR}/src/optimizing/semantics_bitcode.cc APPEND
               PROPERTY COMPILE_DEFINITIONS ASHLAR_SEMANTICS_${upper}="${output}")
endforeach()
set_property(SOURCE ${PROJECT_SOURCE_DIR}/src/optimizing/semantics_bitcode.cc APPEND
             PROPERTY OBJECT_DEPENDS "${bitcode_files}")
