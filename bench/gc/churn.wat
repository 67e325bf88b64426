;; A live heap of constant size whose parts are replaced all the time: trees of 8,191 nodes, each with an array, random
;; subtrees of which give way to new ones. A node and its array are counted as 128 bytes, a tree as 1 MiB.
;; Arguments: MiB that live (64), MiB to allocate in all (4096).
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)  ;; 0: what WASI answers; 1024: arguments; 4096: texts; 8192: the line being made
  (data (i32.const 4096) " MiB live,  MiB replaced, checksum ")

  (type $data (array (mut i64)))
  (type $node (struct
    (field $key i64) (field $data (ref $data)) (field $left (mut (ref null $node))) (field $right (mut (ref null $node)))))
  (type $trees (array (mut (ref null $node))))

  (global $random (mut i32) (i32.const 1))
  (global $made (mut i64) (i64.const 0))  ;; nodes

  (func $next_random (result i32)
    (global.set $random (i32.add (i32.mul (global.get $random) (i32.const 1664525)) (i32.const 1013904223)))
    (i32.shr_u (global.get $random) (i32.const 10)))

  (func $tree (param $height i32) (result (ref null $node))
    (if (i32.eqz (local.get $height)) (then (return (ref.null $node))))
    (global.set $made (i64.add (global.get $made) (i64.const 1)))
    (struct.new $node (global.get $made) (array.new $data (global.get $made) (i32.const 9))
      (call $tree (i32.sub (local.get $height) (i32.const 1)))
      (call $tree (i32.sub (local.get $height) (i32.const 1)))))

  ;; A new subtree of 1 to 511 nodes in the place of one of the same height.
  (func $replace (param $trees (ref $trees))
    (local $path i32) (local $height i32) (local $depth i32) (local $at (ref null $node))
    (local.set $at (array.get $trees (local.get $trees) (i32.rem_u (call $next_random) (array.len (local.get $trees)))))
    (local.set $height (i32.add (i32.rem_u (call $next_random) (i32.const 9)) (i32.const 1)))
    (local.set $depth (i32.sub (i32.const 12) (local.get $height)))
    (local.set $path (call $next_random))
    (block $here
      (loop $down
        (br_if $here (i32.eqz (local.get $depth)))
        (local.set $at
          (if (result (ref null $node)) (i32.and (local.get $path) (i32.const 1))
            (then (struct.get $node $right (local.get $at)))
            (else (struct.get $node $left (local.get $at)))))
        (local.set $path (i32.shr_u (local.get $path) (i32.const 1)))
        (local.set $depth (i32.sub (local.get $depth) (i32.const 1)))
        (br $down)))
    (if (i32.and (local.get $path) (i32.const 1))
      (then (struct.set $node $right (local.get $at) (call $tree (local.get $height))))
      (else (struct.set $node $left (local.get $at) (call $tree (local.get $height))))))

  (func $sum (param $tree (ref null $node)) (result i64)
    (block $none
      (return (i64.add
        (i64.xor (struct.get $node $key (br_on_null $none (local.get $tree)))
          (i64.mul (array.get $data (struct.get $node $data (local.get $tree)) (i32.const 8)) (i64.const 31)))
        (i64.add (call $sum (struct.get $node $left (local.get $tree))) (call $sum (struct.get $node $right (local.get $tree)))))))
    (i64.const 0))

  (func (export "_start")
    (local $live i32) (local $at i32) (local $all i64) (local $sum i64) (local $trees (ref $trees))
    (local.set $live (call $argument (i32.const 1) (i32.const 64)))
    (local.set $all (i64.shl (i64.extend_i32_u (call $argument (i32.const 2) (i32.const 4096))) (i64.const 13)))
    (local.set $trees (array.new_default $trees (local.get $live)))
    (loop $next
      (array.set $trees (local.get $trees) (local.get $at) (call $tree (i32.const 13)))
      (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (local.get $live))))
    (global.set $made (i64.const 0))
    (loop $next
      (call $replace (local.get $trees))
      (br_if $next (i64.lt_u (global.get $made) (local.get $all))))
    (loop $next
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (local.set $sum (i64.add (local.get $sum) (call $sum (array.get $trees (local.get $trees) (local.get $at)))))
      (br_if $next (local.get $at)))
    (call $put_number (i64.extend_i32_u (local.get $live)))
    (call $put_text (i32.const 4096) (i32.const 11))
    (call $put_number (i64.shr_u (global.get $made) (i64.const 13)))
    (call $put_text (i32.const 4107) (i32.const 24))
    (call $put_number (local.get $sum))
    (call $end_line))

  ;; One of the program's arguments, a number, or what is usual.
  (func $argument (param $index i32) (param $usual i32) (result i32)
    (local $at i32) (local $value i32) (local $digit i32)
    (drop (call $args_sizes_get (i32.const 0) (i32.const 4)))
    (if (i32.or (i32.le_u (i32.load (i32.const 0)) (local.get $index)) (i32.gt_u (i32.load (i32.const 4)) (i32.const 3072)))
      (then (return (local.get $usual))))
    (drop (call $args_get (i32.const 16) (i32.const 1024)))
    (local.set $at (i32.load offset=16 (i32.shl (local.get $index) (i32.const 2))))
    (loop $next
      (local.set $digit (i32.sub (i32.load8_u (local.get $at)) (i32.const 48)))
      (if (i32.lt_u (local.get $digit) (i32.const 10)) (then
        (local.set $value (i32.add (i32.mul (local.get $value) (i32.const 10)) (local.get $digit)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next))))
    (local.get $value))

  (global $line (mut i32) (i32.const 8192))

  (func $put (param $byte i32)
    (i32.store8 (global.get $line) (local.get $byte))
    (global.set $line (i32.add (global.get $line) (i32.const 1))))

  (func $put_text (param $at i32) (param $length i32)
    (memory.copy (global.get $line) (local.get $at) (local.get $length))
    (global.set $line (i32.add (global.get $line) (local.get $length))))

  (func $put_number (param $value i64)
    (if (i64.ge_u (local.get $value) (i64.const 10))
      (then (call $put_number (i64.div_u (local.get $value) (i64.const 10)))))
    (call $put (i32.add (i32.wrap_i64 (i64.rem_u (local.get $value) (i64.const 10))) (i32.const 48))))

  (func $end_line
    (call $put (i32.const 10))
    (i32.store (i32.const 0) (i32.const 8192))
    (i32.store (i32.const 4) (i32.sub (global.get $line) (i32.const 8192)))
    (if (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)) (then (call $proc_exit (i32.const 1))))
    (global.set $line (i32.const 8192)))
)
