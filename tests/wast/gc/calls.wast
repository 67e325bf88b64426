;; References held by frames: across instances and the host, in tail calls, in deep recursion.

(module $lists
  (type $list (struct (field $value i32) (field $next (ref null $list))))
  (global $shared (export "shared") (mut anyref) (ref.null any))
  (func (export "cons") (param $value i32) (param $next anyref) (result anyref)
    (struct.new $list (local.get $value) (ref.cast (ref null $list) (local.get $next))))
  (func (export "sum") (param $list anyref) (result i32)
    (local $at (ref null $list)) (local $sum i32)
    (local.set $at (ref.cast (ref null $list) (local.get $list)))
    (block $end
      (loop $next
        (br_if $end (ref.is_null (local.get $at)))
        (local.set $sum (i32.add (local.get $sum) (struct.get $list $value (local.get $at))))
        (local.set $at (struct.get $list $next (local.get $at)))
        (br $next)))
    (local.get $sum)))
(register "lists" $lists)

(module
  (import "lists" "cons" (func $cons (param i32 anyref) (result anyref)))
  (import "lists" "sum" (func $sum (param anyref) (result i32)))
  (import "lists" "shared" (global $shared (mut anyref)))
  (import "spectest" "print_i32" (func $print (param i32)))
  (import "spectest" "print" (func $print_nothing))
  (type $pair (struct (field $a (mut (ref null eq))) (field $b (mut anyref))))
  (type $step (func (param i32 (ref null $pair) anyref) (result i32)))
  (elem declare func $step $other_step)

  ;; Objects of this instance around objects of the other one.
  (func (export "across") (param $n i32) (result i32)
    (local $i i32) (local $list anyref) (local $pair (ref $pair))
    (local.set $pair (struct.new $pair (ref.i31 (i32.const 9)) (ref.null any)))
    (loop $next
      (local.set $list (call $cons (local.get $i) (local.get $list)))
      (struct.set $pair $b (local.get $pair) (local.get $list))
      (global.set $shared (struct.new $pair (local.get $pair) (local.get $list)))
      (br_if $next (i32.lt_s (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (call $print_nothing)
    (if (i32.ne (call $sum (local.get $list)) (call $sum (struct.get $pair $b (local.get $pair))))
      (then (unreachable)))
    (i32.add
      (call $sum (struct.get $pair $b (ref.cast (ref $pair) (global.get $shared))))
      (i31.get_u (ref.cast (ref i31) (struct.get $pair $a (local.get $pair))))))

  (func $host (param $n i32) (result (ref $pair))
    (call $print (local.get $n))
    (struct.new $pair (ref.i31 (local.get $n)) (ref.null any)))
  (func (export "host") (param $n i32) (result i32)
    (local $a (ref $pair)) (local $b (ref $pair))
    (local.set $a (call $host (local.get $n)))
    (local.set $b (call $host (i32.add (local.get $n) (i32.const 1))))
    (call $print (i32.const 0))
    (struct.set $pair $b (local.get $a) (local.get $b))
    (drop (call $host (i32.const 3)))
    (i31.get_s (ref.cast (ref i31) (struct.get $pair $a
      (ref.cast (ref $pair) (struct.get $pair $b (local.get $a)))))))

  ;; Tail calls that pass on what they just made, and what they were given.
  (func $step (type $step)
    (local $made (ref $pair))
    (if (i32.eqz (local.get 0))
      (then (return (i32.add (call $sum (local.get 2))
        (i31.get_s (ref.cast (ref i31) (struct.get $pair $a (local.get 1))))))))
    (local.set $made (struct.new $pair (struct.get $pair $a (local.get 1)) (local.get 1)))
    (return_call_ref $step (i32.sub (local.get 0) (i32.const 1)) (local.get $made)
      (call $cons (local.get 0) (local.get 2)) (ref.func $other_step)))
  (func $other_step (type $step)
    (drop (struct.new $pair (ref.null eq) (ref.null any)))
    (return_call $step (local.get 0) (local.get 1) (local.get 2)))
  (func (export "tail_calls") (param $n i32) (result i32)
    (call_ref $step (local.get $n) (struct.new $pair (ref.i31 (i32.const -5)) (ref.null any)) (ref.null any)
      (ref.func $step)))

  ;; Frames that all hold references while something far below collects. Every 2^k-th allocates.
  (func $deep (param $depth i32) (param $mask i32) (param $above (ref null $pair)) (result i32)
    (local $mine (ref null $pair)) (local $sum i32)
    (local.set $mine (local.get $above))
    (if (i32.eqz (i32.and (local.get $depth) (local.get $mask)))
      (then (local.set $mine (struct.new $pair (ref.i31 (local.get $depth)) (local.get $above)))))
    (if (local.get $depth)
      (then (local.set $sum
        (call $deep (i32.sub (local.get $depth) (i32.const 1)) (local.get $mask) (local.get $mine)))))
    (if (i32.eqz (i32.and (local.get $depth) (local.get $mask)))
      (then
        (if (i32.ne (i31.get_s (ref.cast (ref i31) (struct.get $pair $a (local.get $mine)))) (local.get $depth))
          (then (unreachable)))
        (if (i32.eqz (ref.eq (local.get $above) (ref.cast (ref null $pair) (struct.get $pair $b (local.get $mine)))))
          (then (unreachable)))))
    (i32.add (local.get $sum) (i32.const 1)))
  (func (export "deep") (param $depth i32) (param $mask i32) (result i32)
    (call $deep (local.get $depth) (local.get $mask) (ref.null $pair))))

(assert_return (invoke "across" (i32.const 50)) (i32.const 1234))
(assert_return (invoke "host" (i32.const 4)) (i32.const 5))
(assert_return (invoke "tail_calls" (i32.const 1)) (i32.const -4))
(assert_return (invoke "tail_calls" (i32.const 300)) (i32.const 45145))
(assert_return (invoke "deep" (i32.const 500) (i32.const 0)) (i32.const 501))
(assert_return (invoke "deep" (i32.const 10000) (i32.const 255)) (i32.const 10001))
