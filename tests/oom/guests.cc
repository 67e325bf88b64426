// The guests' text, and what is made of it.
#include "guests.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "text/parse.h"

namespace oom {

const std::string_view kGuest = R"((module $guest
  (import "env" "add" (func $add (param i32 i32) (result i32)))
  (import "env" "many" (func $many (param i32) (result i64 i64 i64 i64 i64 i64 i64 i64 i64 i64
                                                       i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)))
  (import "env" "refuse" (func $refuse (param i32)))
  (import "env" "length" (func $length (param i32 i32) (result i32)))
  (import "env" "same" (func $same (param externref) (result externref)))
  (import "env" "again" (func $again (param i32) (result i32)))
  (type $node (struct (field $value (mut i32)) (field $next (mut (ref null $node)))))
  (type $bytes (array (mut i8)))
  (type $nodes (array (mut (ref null $node))))
  (type $unary (func (param i32) (result i32)))
  (tag $tag (export "tag") (param i32))
  (memory (export "memory") 2 10)
  (data (i32.const 16) "hello world")
  (data $passive "some passive bytes")
  (table $table (export "table") 10 1000 funcref)
  (elem (table $table) (i32.const 1) func $increment $fib)
  (elem declare func $deep)
  (global $kept (mut (ref null $nodes)) (ref.null $nodes))
  (global $top (export "top") (mut i32) (i32.const 1024))
  (func $increment (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func $fib (export "fib") (param i32) (result i32)
    (if (result i32) (i32.lt_s (local.get 0) (i32.const 2))
      (then (local.get 0))
      (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                     (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
  (func (export "add") (param i32 i32) (result i32) (call $add (local.get 0) (local.get 1)))
  (func (export "many") (param i32) (result i32) (local i64)
    (call $many (local.get 0))
    (local.set 1) (drop) (drop) (drop) (drop) (drop) (drop) (drop) (drop) (drop)
    (drop) (drop) (drop) (drop) (drop) (drop) (drop) (drop) (drop) (drop)
    (i32.wrap_i64 (local.get 1)))
  (func (export "refuse") (param i32) (result i32) (call $refuse (local.get 0)) (i32.const 1))
  (func (export "length") (result i32) (call $length (i32.const 16) (i32.const 11)))
  (func (export "same") (param externref) (result externref) (call $same (local.get 0)))
  (func (export "again") (param i32) (result i32) (call $again (local.get 0)))
  (func (export "indirect") (param i32) (result i32) (call_indirect $table (type $unary) (local.get 0) (i32.const 1)))
  (func $throws (export "throws") (param i32) (result i32) (throw $tag (local.get 0)))
  (func (export "caught") (param i32) (result i32)
    (block $b (result i32) (try_table (result i32) (catch $tag $b) (call $throws (local.get 0)))))
  (func (export "list") (param i32) (result i32) (local $at i32) (local $count i32) (local $last (ref null $node))
    (global.set $kept (array.new $nodes (ref.null $node) (local.get 0)))
    (loop $l
      (local.set $last (struct.new $node (local.get $at) (local.get $last)))
      (array.set $nodes (global.get $kept) (local.get $at) (local.get $last))
      (drop (array.new $bytes (i32.const 1) (i32.const 1000)))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $at) (local.get 0))))
    (block $done
      (loop $l
        (br_if $done (ref.is_null (local.get $last)))
        (local.set $count (i32.add (local.get $count) (i32.const 1)))
        (local.set $last (struct.get $node $next (local.get $last)))
        (br $l)))
    (local.get $count))
  (func (export "strings") (param i32) (result i32) (local $count i32)
    (loop $l
      (local.set $count (i32.add (local.get $count)
        (i32.eq (array.len (array.new_data $bytes $passive (i32.const 0) (i32.const 18))) (i32.const 18))))
      (br_if $l (i32.lt_u (local.get $count) (local.get 0))))
    (local.get $count))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "grow_table") (param i32) (result i32) (table.grow $table (ref.func $deep) (local.get 0)))
  (func (export "unreachable") (param i32) (result i32) (unreachable))
  (func (export "outside") (param i32) (result i32) (i32.load (i32.const -8)))
  (func $deep (export "deep") (param i32) (result i32) (i32.add (i32.const 1) (call $deep (local.get 0))))
  (func (export "malloc") (param i32) (result i32)
    (global.get $top)
    (global.set $top (i32.add (global.get $top) (i32.and (i32.add (local.get 0) (i32.const 15)) (i32.const -16)))))
  (func (export "free") (param i32))
  (func (export "count") (param i32 i32) (result i32) (local.get 1))))";

const std::string_view kWasiGuest = R"((module
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $environ_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_dir_name" (func $prestat (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_get" (func $stat (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_rename" (func $rename (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_readdir" (func $readdir (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_renumber" (func $renumber (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 100) "file")
  (data (i32.const 110) "other")
  (data (i32.const 120) "a/b")
  ;; iovecs at 200 and 208
  (data (i32.const 200) "\64\00\00\00\04\00\00\00\6e\00\00\00\05\00\00\00")
  (func $open_at (param $path i32) (param $size i32) (param $flags i32) (result i32)
    (if (call $open (i32.const 3) (i32.const 0) (local.get $path) (local.get $size) (local.get $flags)
                    (i64.const 0x1fffffff) (i64.const 0x1fffffff) (i32.const 0) (i32.const 96))
      (then (return (i32.const -1))))
    (i32.load (i32.const 96)))
  (func (export "_start") (local $fd i32)
    (drop (call $args_sizes_get (i32.const 0) (i32.const 4)))
    (drop (call $args_get (i32.const 1000) (i32.const 1100)))
    (drop (call $environ_get (i32.const 1000) (i32.const 1100)))
    (drop (call $clock (i32.const 1) (i64.const 1) (i32.const 8)))
    (drop (call $random (i32.const 1000) (i32.const 64)))
    (drop (call $prestat (i32.const 3) (i32.const 1000) (i32.const 1)))
    (drop (call $stat (i32.const 3) (i32.const 1) (i32.const 120) (i32.const 3) (i32.const 1000)))
    (local.set $fd (call $open_at (i32.const 100) (i32.const 4) (i32.const 1)))
    (drop (call $write (local.get $fd) (i32.const 200) (i32.const 2) (i32.const 8)))
    (drop (call $close (local.get $fd)))
    (drop (call $rename (i32.const 3) (i32.const 100) (i32.const 4) (i32.const 3) (i32.const 110) (i32.const 5)))
    (local.set $fd (call $open_at (i32.const 110) (i32.const 5) (i32.const 0)))
    (drop (call $read (local.get $fd) (i32.const 200) (i32.const 2) (i32.const 8)))
    (drop (call $renumber (local.get $fd) (i32.const 20)))
    (drop (call $close (i32.const 20)))
    (drop (call $readdir (i32.const 3) (i32.const 2000) (i32.const 4000) (i64.const 0) (i32.const 8)))
    (drop (call $open_at (i32.const 120) (i32.const 3) (i32.const 0)))
    ;; a subscription to a clock, of 1 ns
    (i32.store8 (i32.const 3008) (i32.const 0))
    (i32.store (i32.const 3016) (i32.const 1))
    (i64.store (i32.const 3024) (i64.const 1))
    (drop (call $poll (i32.const 3000) (i32.const 3100) (i32.const 1) (i32.const 8)))
    (call $exit (i32.const 3)))))";

namespace {

std::vector<uint8_t> assemble(std::string_view text) {
  return ashlar::text::parse_to_binary(text, ashlar::text::ParseOptions{}).value();
}

}  // namespace

std::vector<uint8_t> guest_bytes() { return assemble(kGuest); }

std::vector<uint8_t> large_bytes() {
  constexpr int kFunctions = 700;
  std::string text = "(module (memory 1) (export \"memory\" (memory 0))";
  for (int i = 0; i < kFunctions; ++i) {
    text += "(func (param i32) (result i32) (local i64 i32)";
    for (int k = 0; k < 45; ++k) {
      text += "(i32.store (i32.const " + std::to_string(i * 64) + ") (local.get 0))";
    }
    text += "(local.get 0))";
  }
  return assemble(text + ")");
}

std::string wasi_folder() {
  namespace fs = std::filesystem;
  std::string name = (fs::temp_directory_path() / "ashlar-oom-XXXXXX").string();
  const fs::path folder = ::mkdtemp(name.data());
  static const struct Remove {
    fs::path folder;
    ~Remove() { fs::remove_all(folder); }
  } at_exit{folder};
  fs::create_directory(folder / "a");
  std::ofstream(folder / "a" / "b") << "contents";
  return folder;
}

}  // namespace oom
