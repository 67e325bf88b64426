;; A hash map from strings of 16-bit units to strings of bytes, as a library of collections has it: set, get, remove, growth.
;; Argument: operations (2,000,000).
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)  ;; 0: what WASI answers; 1024: arguments; 4096: texts; 8192: the line being made
  (data (i32.const 4096) " operations: size , found , checksum " "key-")

  (type $string (array (mut i16)))
  (type $bytes (array (mut i8)))
  (type $entry (struct
    (field $hash i32) (field $key (ref $string)) (field $value (mut (ref $bytes))) (field $next (mut (ref null $entry)))))
  (type $buckets (array (mut (ref null $entry))))
  (type $map (struct (field $buckets (mut (ref $buckets))) (field $size (mut i32))))

  (global $random (mut i32) (i32.const 7))

  (func $next_random (result i32)
    (global.set $random (i32.add (i32.mul (global.get $random) (i32.const 1664525)) (i32.const 1013904223)))
    (i32.shr_u (global.get $random) (i32.const 8)))

  ;; "key-" and the number.
  (func $key (param $number i32) (result (ref $string))
    (local $length i32) (local $rest i32) (local $key (ref $string))
    (local.set $length (i32.const 4))
    (local.set $rest (local.get $number))
    (loop $digit
      (local.set $length (i32.add (local.get $length) (i32.const 1)))
      (br_if $digit (local.tee $rest (i32.div_u (local.get $rest) (i32.const 10)))))
    (local.set $key (array.new_default $string (local.get $length)))
    (loop $text
      (array.set $string (local.get $key) (local.get $rest) (i32.load8_u offset=4133 (local.get $rest)))
      (br_if $text (i32.lt_u (local.tee $rest (i32.add (local.get $rest) (i32.const 1))) (i32.const 4))))
    (loop $digit
      (array.set $string (local.get $key) (local.tee $length (i32.sub (local.get $length) (i32.const 1)))
        (i32.add (i32.rem_u (local.get $number) (i32.const 10)) (i32.const 48)))
      (br_if $digit (local.tee $number (i32.div_u (local.get $number) (i32.const 10)))))
    (local.get $key))

  (func $hash (param $key (ref $string)) (result i32)
    (local $hash i32) (local $at i32)
    (loop $unit
      (local.set $hash (i32.add (i32.mul (local.get $hash) (i32.const 31)) (array.get_u $string (local.get $key) (local.get $at))))
      (br_if $unit (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (array.len (local.get $key)))))
    (i32.xor (local.get $hash) (i32.shr_u (local.get $hash) (i32.const 16))))

  (func $equal (param $a (ref $string)) (param $b (ref $string)) (result i32)
    (local $at i32)
    (local.set $at (array.len (local.get $a)))
    (if (i32.ne (local.get $at) (array.len (local.get $b))) (then (return (i32.const 0))))
    (loop $unit
      (if (i32.eqz (local.get $at)) (then (return (i32.const 1))))
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (br_if $unit (i32.eq (array.get_u $string (local.get $a) (local.get $at)) (array.get_u $string (local.get $b) (local.get $at)))))
    (i32.const 0))

  (func $bucket (param $map (ref $map)) (param $hash i32) (result i32)
    (i32.and (local.get $hash) (i32.sub (array.len (struct.get $map $buckets (local.get $map))) (i32.const 1))))

  (func $find (param $map (ref $map)) (param $key (ref $string)) (param $hash i32) (result (ref null $entry))
    (local $entry (ref null $entry))
    (local.set $entry (array.get $buckets (struct.get $map $buckets (local.get $map)) (call $bucket (local.get $map) (local.get $hash))))
    (block $absent
      (loop $next
        (br_if $absent (ref.is_null (local.get $entry)))
        (if (i32.eq (struct.get $entry $hash (local.get $entry)) (local.get $hash)) (then
          (if (call $equal (struct.get $entry $key (local.get $entry)) (local.get $key)) (then (return (local.get $entry))))))
        (local.set $entry (struct.get $entry $next (local.get $entry)))
        (br $next)))
    (ref.null $entry))

  ;; Twice as many buckets; the entries are moved.
  (func $grow (param $map (ref $map))
    (local $old (ref $buckets)) (local $at i32) (local $to i32) (local $entry (ref null $entry)) (local $next (ref null $entry))
    (local.set $old (struct.get $map $buckets (local.get $map)))
    (struct.set $map $buckets (local.get $map) (array.new_default $buckets (i32.shl (array.len (local.get $old)) (i32.const 1))))
    (loop $bucket
      (local.set $entry (array.get $buckets (local.get $old) (local.get $at)))
      (block $done
        (loop $more
          (br_if $done (ref.is_null (local.get $entry)))
          (local.set $next (struct.get $entry $next (local.get $entry)))
          (local.set $to (call $bucket (local.get $map) (struct.get $entry $hash (local.get $entry))))
          (struct.set $entry $next (local.get $entry) (array.get $buckets (struct.get $map $buckets (local.get $map)) (local.get $to)))
          (array.set $buckets (struct.get $map $buckets (local.get $map)) (local.get $to) (local.get $entry))
          (local.set $entry (local.get $next))
          (br $more)))
      (br_if $bucket (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (array.len (local.get $old))))))

  ;; A copy with one more byte; one of 24 begins anew.
  (func $appended (param $old (ref $bytes)) (param $byte i32) (result (ref $bytes))
    (local $new (ref $bytes)) (local $length i32)
    (local.set $length (array.len (local.get $old)))
    (if (i32.ge_u (local.get $length) (i32.const 24)) (then (local.set $length (i32.const 0))))
    (local.set $new (array.new $bytes (local.get $byte) (i32.add (local.get $length) (i32.const 1))))
    (array.copy $bytes $bytes (local.get $new) (i32.const 0) (local.get $old) (i32.const 0) (local.get $length))
    (local.get $new))

  ;; Appends a byte to what the key has, or gives it one.
  (func $set (param $map (ref $map)) (param $key (ref $string)) (param $byte i32)
    (local $hash i32) (local $at i32) (local $entry (ref null $entry)) (local $buckets (ref $buckets))
    (local.set $hash (call $hash (local.get $key)))
    (local.set $entry (call $find (local.get $map) (local.get $key) (local.get $hash)))
    (if (ref.is_null (local.get $entry)) (then
      (if (i32.ge_u (struct.get $map $size (local.get $map)) (array.len (struct.get $map $buckets (local.get $map))))
        (then (call $grow (local.get $map))))
      (local.set $buckets (struct.get $map $buckets (local.get $map)))
      (local.set $at (call $bucket (local.get $map) (local.get $hash)))
      (array.set $buckets (local.get $buckets) (local.get $at)
        (struct.new $entry (local.get $hash) (local.get $key) (array.new_fixed $bytes 1 (local.get $byte))
          (array.get $buckets (local.get $buckets) (local.get $at))))
      (struct.set $map $size (local.get $map) (i32.add (struct.get $map $size (local.get $map)) (i32.const 1)))
      (return)))
    (struct.set $entry $value (local.get $entry) (call $appended (struct.get $entry $value (local.get $entry)) (local.get $byte))))

  ;; Whether there was such a key.
  (func $remove (param $map (ref $map)) (param $key (ref $string)) (result i32)
    (local $hash i32) (local $at i32) (local $entry (ref null $entry)) (local $before (ref null $entry)) (local $buckets (ref $buckets))
    (local.set $hash (call $hash (local.get $key)))
    (local.set $at (call $bucket (local.get $map) (local.get $hash)))
    (local.set $buckets (struct.get $map $buckets (local.get $map)))
    (local.set $entry (array.get $buckets (local.get $buckets) (local.get $at)))
    (block $absent
      (block $found
        (loop $next
          (br_if $absent (ref.is_null (local.get $entry)))
          (if (i32.eq (struct.get $entry $hash (local.get $entry)) (local.get $hash)) (then
            (br_if $found (call $equal (struct.get $entry $key (local.get $entry)) (local.get $key)))))
          (local.set $before (local.get $entry))
          (local.set $entry (struct.get $entry $next (local.get $entry)))
          (br $next)))
      (if (ref.is_null (local.get $before))
        (then (array.set $buckets (local.get $buckets) (local.get $at) (struct.get $entry $next (local.get $entry))))
        (else (struct.set $entry $next (local.get $before) (struct.get $entry $next (local.get $entry)))))
      (struct.set $map $size (local.get $map) (i32.sub (struct.get $map $size (local.get $map)) (i32.const 1)))
      (return (i32.const 1)))
    (i32.const 0))

  ;; Does not depend on the order of the entries.
  (func $checksum (param $map (ref $map)) (result i64)
    (local $sum i64) (local $at i32) (local $entry (ref null $entry))
    (loop $bucket
      (local.set $entry (array.get $buckets (struct.get $map $buckets (local.get $map)) (local.get $at)))
      (block $done
        (loop $more
          (br_if $done (ref.is_null (local.get $entry)))
          (local.set $sum (i64.add (local.get $sum) (i64.xor
            (i64.extend_i32_s (struct.get $entry $hash (local.get $entry)))
            (call $text_sum (struct.get $entry $value (local.get $entry))))))
          (local.set $entry (struct.get $entry $next (local.get $entry)))
          (br $more)))
      (br_if $bucket (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1)))
        (array.len (struct.get $map $buckets (local.get $map))))))
    (local.get $sum))

  (func $text_sum (param $text (ref $bytes)) (result i64)
    (local $sum i64) (local $at i32)
    (loop $byte
      (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 31))
        (i64.extend_i32_u (array.get_u $bytes (local.get $text) (local.get $at)))))
      (br_if $byte (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (array.len (local.get $text)))))
    (local.get $sum))

  ;; Half of the operations set, three of ten look up, the rest remove; there are a fourth as many keys as operations.
  (func $work (param $map (ref $map)) (param $count i32) (result i32)
    (local $keys i32) (local $what i32) (local $found i32) (local $key (ref $string))
    (local.set $keys (i32.add (i32.shr_u (local.get $count) (i32.const 2)) (i32.const 1)))
    (loop $next
      (local.set $what (i32.rem_u (call $next_random) (i32.const 10)))
      (local.set $key (call $key (i32.rem_u (call $next_random) (local.get $keys))))
      (if (i32.lt_u (local.get $what) (i32.const 5))
        (then (call $set (local.get $map) (local.get $key) (i32.add (local.get $what) (i32.const 97))))
        (else
          (local.set $found (i32.add (local.get $found)
            (if (result i32) (i32.lt_u (local.get $what) (i32.const 8))
              (then (i32.eqz (ref.is_null (call $find (local.get $map) (local.get $key) (call $hash (local.get $key))))))
              (else (call $remove (local.get $map) (local.get $key))))))))
      (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (local.get $found))

  (func (export "_start")
    (local $count i32) (local $found i32) (local $map (ref $map))
    (local.set $count (call $argument (i32.const 2000000)))
    (local.set $map (struct.new $map (array.new_default $buckets (i32.const 16)) (i32.const 0)))
    (local.set $found (call $work (local.get $map) (local.get $count)))
    (call $put_number (i64.extend_i32_u (local.get $count)))
    (call $put_text (i32.const 4096) (i32.const 18))
    (call $put_number (i64.extend_i32_u (struct.get $map $size (local.get $map))))
    (call $put_text (i32.const 4114) (i32.const 8))
    (call $put_number (i64.extend_i32_u (local.get $found)))
    (call $put_text (i32.const 4122) (i32.const 11))
    (call $put_number (call $checksum (local.get $map)))
    (call $end_line))

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
