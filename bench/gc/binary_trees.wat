;; Binary trees: many short-lived trees of all sizes beside one that lives long. Argument: the greatest depth (18).
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)  ;; 0: what WASI answers; 1024: arguments; 4096: texts; 8192: the line being made
  (data (i32.const 4096) "stretch tree of depth  check: long-lived tree of depth  trees of depth ")

  (type $node (struct (field $left (ref null $node)) (field $right (ref null $node))))

  (func $bottom_up (param $depth i32) (result (ref $node))
    (if (result (ref $node)) (i32.eqz (local.get $depth))
      (then (struct.new $node (ref.null $node) (ref.null $node)))
      (else (struct.new $node
        (call $bottom_up (i32.sub (local.get $depth) (i32.const 1)))
        (call $bottom_up (i32.sub (local.get $depth) (i32.const 1)))))))

  (func $check (param $tree (ref $node)) (result i32)
    (block $leaf
      (return (i32.add (i32.const 1) (i32.add
        (call $check (br_on_null $leaf (struct.get $node $left (local.get $tree))))
        (call $check (ref.as_non_null (struct.get $node $right (local.get $tree))))))))
    (i32.const 1))

  ;; The sum of the checks of so many trees.
  (func $trees (param $count i32) (param $depth i32) (result i64)
    (local $sum i64)
    (loop $next
      (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (call $check (call $bottom_up (local.get $depth))))))
      (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (local.get $sum))

  (func $told (param $depth i32) (param $check i64)
    (call $put_number (i64.extend_i32_u (local.get $depth)))
    (call $put_text (i32.const 4118) (i32.const 8))
    (call $put_number (local.get $check))
    (call $end_line))

  (func (export "_start")
    (local $most i32) (local $depth i32) (local $count i32) (local $long_lived (ref null $node))
    (local.set $most (call $argument (i32.const 18)))
    (call $put_text (i32.const 4096) (i32.const 22))
    (call $told (i32.add (local.get $most) (i32.const 1))
      (i64.extend_i32_u (call $check (call $bottom_up (i32.add (local.get $most) (i32.const 1))))))
    (local.set $long_lived (call $bottom_up (local.get $most)))
    (local.set $depth (i32.const 4))
    (loop $next
      (local.set $count (i32.shl (i32.const 1) (i32.sub (i32.add (local.get $most) (i32.const 4)) (local.get $depth))))
      (call $put_number (i64.extend_i32_u (local.get $count)))
      (call $put_text (i32.const 4151) (i32.const 16))
      (call $told (local.get $depth) (call $trees (local.get $count) (local.get $depth)))
      (br_if $next (i32.le_u (local.tee $depth (i32.add (local.get $depth) (i32.const 2))) (local.get $most))))
    (call $put_text (i32.const 4126) (i32.const 25))
    (call $told (local.get $most) (i64.extend_i32_u (call $check (ref.as_non_null (local.get $long_lived))))))

  ;; The program's first argument, a number, or what is usual.
  (func $argument (param $usual i32) (result i32)
    (local $at i32) (local $value i32) (local $digit i32)
    (drop (call $args_sizes_get (i32.const 0) (i32.const 4)))
    (if (i32.or (i32.lt_u (i32.load (i32.const 0)) (i32.const 2)) (i32.gt_u (i32.load (i32.const 4)) (i32.const 3072)))
      (then (return (local.get $usual))))
    (drop (call $args_get (i32.const 16) (i32.const 1024)))
    (local.set $at (i32.load (i32.const 20)))
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
