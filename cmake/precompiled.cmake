# Precompiled headers: most of a build's time is spent on reading the same headers again. A library gets the headers
# that stand below it and cost most. Sources include what they use all the same: `make lint` goes without.
option(ASHLAR_PRECOMPILED "Precompile the headers that most sources include" ON)

set(ASHLAR_PRECOMPILED_STD
    <algorithm> <array> <atomic> <bit> <cerrno> <charconv> <chrono> <cstdint> <cstring> <expected> <functional> <map>
    <memory> <mutex> <optional> <set> <span> <string> <string_view> <thread> <tuple> <unordered_map> <utility>
    <variant> <vector>)
# What a library gets that is, or depends on, the folder.
set(ASHLAR_PRECOMPILED_base <base/error.h>)
set(ASHLAR_PRECOMPILED_module <module/module.h>)
set(ASHLAR_PRECOMPILED_runtime <runtime/store.h>)
set(ASHLAR_PRECOMPILED_component <component/instance.h> <component/typed.h> <component/decode.h>)
set(ASHLAR_PRECOMPILED_wasi/p2 <wasi/p2/http.h>)
set(ASHLAR_PRECOMPILED_http
    <boost/asio/io_context.hpp> <boost/asio/ip/tcp.hpp> <boost/asio/post.hpp> <boost/asio/steady_timer.hpp>)
set(ASHLAR_PRECOMPILED_optimizing
    <llvm/IR/Dominators.h> <llvm/IR/IRBuilder.h> <llvm/IR/Instructions.h> <llvm/IR/IntrinsicInst.h> <llvm/IR/Module.h>
    <llvm/IR/PassManager.h>)

# ashlar_precompile(target FOLDERS folders... [HEADERS headers...])
function(ashlar_precompile target)
  cmake_parse_arguments(arg "" "" "FOLDERS;HEADERS" ${ARGN})
  if(NOT ASHLAR_PRECOMPILED)
    return()
  endif()
  set(headers ${ASHLAR_PRECOMPILED_STD})
  foreach(folder IN LISTS arg_FOLDERS)
    list(APPEND headers ${ASHLAR_PRECOMPILED_${folder}})
  endforeach()
  list(APPEND headers ${arg_HEADERS})
  target_precompile_headers(${target} PRIVATE ${headers})
  # Its bytes depend on what is in it alone, not on when: compiler caches know it again.
  target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
endfunction()
