# What a build is for: lib/libashlar.{a,so} out of all folders but cli, and the command bin/ashlar.
ashlar_dispatch(ashlar_interp ${ASHLAR_DISPATCH})

set(objects)
foreach(lib IN LISTS ASHLAR_LIBRARIES)
  list(APPEND objects $<TARGET_OBJECTS:${lib}>)
endforeach()
add_library(ashlar_static STATIC ${objects})
set_target_properties(ashlar_static PROPERTIES OUTPUT_NAME ashlar LINKER_LANGUAGE CXX)
add_library(ashlar_shared SHARED ${objects})
set_target_properties(ashlar_shared PROPERTIES OUTPUT_NAME ashlar LINKER_LANGUAGE CXX
                      VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
foreach(lib ashlar_static ashlar_shared)
  target_include_directories(${lib} INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                                              $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_features(${lib} INTERFACE cxx_std_23)
  target_link_libraries(${lib} PUBLIC Threads::Threads)
endforeach()
# Of programs in C, whose linker does not think of it.
target_link_libraries(ashlar_static INTERFACE stdc++ m)
set(exports ${PROJECT_SOURCE_DIR}/cmake/exports.map)
target_link_options(ashlar_shared PRIVATE -Wl,--version-script=${exports})
set_target_properties(ashlar_shared PROPERTIES LINK_DEPENDS ${exports})
if(NOT ASHLAR_SANITIZE)
  target_link_options(ashlar_shared PRIVATE -Wl,--no-undefined)
endif()

# The command, as one object library (its unit tests link it too) and main.cc.
file(GLOB_RECURSE cli_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/cli/*.cc)
set(cli_main ${PROJECT_SOURCE_DIR}/src/cli/main.cc)
if(NOT cli_main IN_LIST cli_sources)
  message(STATUS "src/cli/main.cc is missing: no command is built")
  add_library(ashlar_cli INTERFACE)
  return()
endif()
list(REMOVE_ITEM cli_sources ${cli_main})
# SQLite and hiredis are of the command alone, so that libashlar needs no more than it did.
find_path(ASHLAR_SQLITE_INCLUDE sqlite3.h)
find_library(ASHLAR_SQLITE libsqlite3.a)
if(ASHLAR_SQLITE AND ASHLAR_SQLITE_INCLUDE)
  list(REMOVE_ITEM cli_sources ${PROJECT_SOURCE_DIR}/src/cli/sqlite/no_sqlite.cc)
  set(cli_link ${ASHLAR_SQLITE} m)
else()
  message(STATUS "SQLite is missing (package libsqlite3-dev): --keyvalue has only memory")
  list(REMOVE_ITEM cli_sources ${PROJECT_SOURCE_DIR}/src/cli/sqlite/sqlite_store.cc)
  set(cli_link)
endif()
find_path(ASHLAR_HIREDIS_INCLUDE hiredis/hiredis.h)
find_library(ASHLAR_HIREDIS libhiredis.a)
if(ASHLAR_HIREDIS AND ASHLAR_HIREDIS_INCLUDE)
  list(REMOVE_ITEM cli_sources ${PROJECT_SOURCE_DIR}/src/cli/redis/no_redis.cc)
  list(APPEND cli_link ${ASHLAR_HIREDIS})
else()
  message(STATUS "hiredis is missing (package libhiredis-dev): --keyvalue has no redis://")
  list(REMOVE_ITEM cli_sources ${PROJECT_SOURCE_DIR}/src/cli/redis/redis_store.cc)
endif()
ashlar_library(cli DEPS ${ASHLAR_FOLDER_cli_DEPS} LINK ${cli_link} SOURCES ${cli_sources})

# ashlar_command(target name): the command, fully static unless a sanitizer needs the loader.
function(ashlar_command target name)
  add_executable(${target} ${cli_main})
  set_target_properties(${target} PROPERTIES OUTPUT_NAME ${name})
  target_compile_definitions(${target} PRIVATE ASHLAR_VERSION="${PROJECT_VERSION}")
  if(NOT ASHLAR_SANITIZE)
    # What every start runs through lies side by side, so that it maps few pages: see tools/start_order.py.
    set(order ${PROJECT_SOURCE_DIR}/cmake/start_order.txt)
    target_link_options(${target} PRIVATE -static -Wl,--icf=safe
                        -Wl,--symbol-ordering-file=${order} -Wl,--no-warn-symbol-ordering)
    set_target_properties(${target} PROPERTIES LINK_DEPENDS ${order})
    # The linker fills its output through a mapping, which leaves it in the page cache page by page. A file written in
    # large pieces is also mapped in such, at every start: docs/rationale.md has the numbers.
    add_custom_command(TARGET ${target} POST_BUILD
                       COMMAND cp $<TARGET_FILE:${target}> $<TARGET_FILE:${target}>.new
                       COMMAND ${CMAKE_COMMAND} -E rename $<TARGET_FILE:${target}>.new $<TARGET_FILE:${target}>
                       VERBATIM)
  endif()
endfunction()
ashlar_command(ashlar ashlar)
target_link_libraries(ashlar PRIVATE ashlar_cli)

# The same command over the other dispatch, so that one build tests both.
if(ASHLAR_DISPATCH STREQUAL "tailcall" AND NOT ASHLAR_SANITIZE AND TARGET ashlar_interp)
  ashlar_library(interp NAME ashlar_interp_loop DEPS ${ASHLAR_FOLDER_interp_DEPS})
  target_compile_options(ashlar_interp_loop PRIVATE -O1)  # it is only tested; the preset loop has all of it
  ashlar_dispatch(ashlar_interp_loop loop)
  ashlar_command(ashlar_loop ashlar-loop)
  # First on the link line, so that its members satisfy every reference before ashlar_interp is looked at.
  target_link_libraries(ashlar_loop PRIVATE ashlar_interp_loop ashlar_cli)
  set_target_properties(ashlar_loop PROPERTIES EXCLUDE_FROM_ALL ON)
  get_target_property(type ashlar_interp_loop TYPE)
  if(type STREQUAL "STATIC_LIBRARY")
    set_target_properties(ashlar_interp_loop PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()
endif()
