;; Merge sort of linked lists, in turns by changing links and by making new nodes. Argument: nodes of a list (1,000,000).
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)  ;; 0: what WASI answers; 1024: arguments; 4096: texts; 8192: the line being made
  (data (i32.const 4096) " nodes, round : ")

  (type $node (struct (field $value i32) (field $next (mut (ref null $node)))))

  (global $random (mut i32) (i32.const 42))

  (func $next_random (result i32)
    (global.set $random (i32.add (i32.mul (global.get $random) (i32.const 1664525)) (i32.const 1013904223)))
    (i32.shr_u (global.get $random) (i32.const 4)))

  (func $made (param $count i32) (result (ref null $node))
    (local $list (ref null $node))
    (loop $more
      (local.set $list (struct.new $node (call $next_random) (local.get $list)))
      (br_if $more (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (local.get $list))

  ;; Both lists are not empty.
  (func $merge (param $a (ref null $node)) (param $b (ref null $node)) (result (ref $node))
    (local $head (ref $node)) (local $last (ref $node))
    (local.set $last (local.tee $head (struct.new $node (i32.const 0) (ref.null $node))))
    (loop $more
      (if (i32.le_s (struct.get $node $value (local.get $a)) (struct.get $node $value (local.get $b)))
        (then
          (struct.set $node $next (local.get $last) (local.get $a))
          (local.set $last (ref.as_non_null (local.get $a)))
          (local.set $a (struct.get $node $next (local.get $a)))
          (br_if $more (i32.eqz (ref.is_null (local.get $a))))
          (struct.set $node $next (local.get $last) (local.get $b)))
        (else
          (struct.set $node $next (local.get $last) (local.get $b))
          (local.set $last (ref.as_non_null (local.get $b)))
          (local.set $b (struct.get $node $next (local.get $b)))
          (br_if $more (i32.eqz (ref.is_null (local.get $b))))
          (struct.set $node $next (local.get $last) (local.get $a)))))
    (ref.as_non_null (struct.get $node $next (local.get $head))))

  ;; The same, of new nodes.
  (func $merge_copying (param $a (ref null $node)) (param $b (ref null $node)) (result (ref $node))
    (local $head (ref $node)) (local $last (ref $node)) (local $new (ref $node)) (local $value i32)
    (local.set $last (local.tee $head (struct.new $node (i32.const 0) (ref.null $node))))
    (loop $more
      (block $taken
        (block $from_a
          (br_if $from_a (ref.is_null (local.get $b)))
          (if (i32.eqz (ref.is_null (local.get $a))) (then
            (br_if $from_a (i32.le_s (struct.get $node $value (local.get $a)) (struct.get $node $value (local.get $b))))))
          (local.set $value (struct.get $node $value (local.get $b)))
          (local.set $b (struct.get $node $next (local.get $b)))
          (br $taken))
        (local.set $value (struct.get $node $value (local.get $a)))
        (local.set $a (struct.get $node $next (local.get $a))))
      (local.set $new (struct.new $node (local.get $value) (ref.null $node)))
      (struct.set $node $next (local.get $last) (local.get $new))
      (local.set $last (local.get $new))
      (br_if $more (i32.eqz (i32.and (ref.is_null (local.get $a)) (ref.is_null (local.get $b))))))
    (ref.as_non_null (struct.get $node $next (local.get $head))))

  ;; Sorts the first nodes of a list, whose rest is cut off and returned too.
  (func $sorted (param $list (ref null $node)) (param $count i32) (param $copying i32) (result (ref $node) (ref null $node))
    (local $half i32) (local $rest (ref null $node)) (local $a (ref null $node)) (local $b (ref null $node))
    (if (i32.eq (local.get $count) (i32.const 1)) (then
      (local.set $rest (struct.get $node $next (local.get $list)))
      (struct.set $node $next (local.get $list) (ref.null $node))
      (return (ref.as_non_null (local.get $list)) (local.get $rest))))
    (local.set $half (i32.shr_u (local.get $count) (i32.const 1)))
    (call $sorted (local.get $list) (local.get $half) (local.get $copying))
    (local.set $rest)
    (local.set $a)
    (call $sorted (local.get $rest) (i32.sub (local.get $count) (local.get $half)) (local.get $copying))
    (local.set $rest)
    (local.set $b)
    (if (result (ref $node)) (local.get $copying)
      (then (call $merge_copying (local.get $a) (local.get $b)))
      (else (call $merge (local.get $a) (local.get $b))))
    (local.get $rest))

  ;; A checksum of the list, which must be in order.
  (func $sum (param $list (ref null $node)) (result i64)
    (local $sum i64) (local $least i32) (local $value i32)
    (loop $more
      (local.set $value (struct.get $node $value (local.get $list)))
      (if (i32.lt_s (local.get $value) (local.get $least)) (then (call $proc_exit (i32.const 1))))
      (local.set $least (local.get $value))
      (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 31)) (i64.extend_i32_u (local.get $value))))
      (br_if $more (i32.eqz (ref.is_null (local.tee $list (struct.get $node $next (local.get $list)))))))
    (local.get $sum))

  (func (export "_start")
    (local $count i32) (local $round i32) (local $list (ref null $node))
    (local.set $count (call $argument (i32.const 1000000)))
    (loop $more
      (local.set $list (call $made (local.get $count)))
      (call $sorted (local.get $list) (local.get $count) (i32.and (local.get $round) (i32.const 1)))
      (drop)
      (local.set $list)
      (call $put_number (i64.extend_i32_u (local.get $count)))
      (call $put_text (i32.const 4096) (i32.const 14))
      (call $put_number (i64.extend_i32_u (local.get $round)))
      (call $put_text (i32.const 4110) (i32.const 2))
      (call $put_number (call $sum (local.get $list)))
      (call $end_line)
      (br_if $more (i32.lt_u (local.tee $round (i32.add (local.get $round) (i32.const 1))) (i32.const 4)))))

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
