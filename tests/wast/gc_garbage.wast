;; Cycles that nothing refers to are freed, young ones and such as have become old: a gigabyte of them goes through a
;; heap that is much smaller (its limit is given with the test).

(module
  (rec
    (type $node
      (struct (field $value (mut i32)) (field $all (mut (ref null $ring))) (field $next (mut (ref null $node)))))
    (type $ring (array (mut (ref null $node)))))
  (table $kept 1000 (ref null $ring))

  ;; 16 nodes that refer to each other and to the array of them all, which refers to them: 460 bytes.
  (func $ring (param $value i32) (result (ref $ring))
    (local $ring (ref $ring)) (local $first (ref null $node)) (local $last (ref null $node)) (local $i i32)
    (local.set $ring (array.new_default $ring (i32.const 16)))
    (loop $next
      (local.set $last (struct.new $node (local.get $value) (local.get $ring) (local.get $last)))
      (if (i32.eqz (local.get $i)) (then (local.set $first (local.get $last))))
      (array.set $ring (local.get $ring) (local.get $i) (local.get $last))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 16))))
    (struct.set $node $next (local.get $first) (local.get $last))
    (local.get $ring))

  (func (export "young") (param $n i32)
    (loop $again
      (drop (call $ring (local.get $n)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))

  ;; Each stays for a thousand rounds.
  (func (export "old") (param $n i32)
    (loop $again
      (table.set $kept (i32.rem_u (local.get $n) (i32.const 1000)) (call $ring (local.get $n)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))

  (func (export "sum") (result i32)
    (local $i i32) (local $sum i32)
    (loop $next
      (local.set $sum (i32.add (local.get $sum)
        (struct.get $node $value (struct.get $node $next (struct.get $node $next
          (array.get $ring
            (struct.get $node $all (array.get $ring (table.get $kept (local.get $i)) (i32.const 0)))
            (i32.const 9)))))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))
    (local.get $sum)))

(assert_return (invoke "young" (i32.const 1200000)))
(assert_return (invoke "old" (i32.const 1200000)))
(assert_return (invoke "sum") (i32.const 500500))
