(component $"with space"
  (import "a" (func $x)) (import "b" (func (@name "x"))) (import "c;)(" (func (@name "")))
  (component $outer (@ashlar.name "inner") (type $t u8)) (component (@ashlar.name "alone")) (component $bare (@ashlar.name))
  (core module $m (@ashlar.name "own") (func $f (export "f"))) (core module $n (@ashlar.name)) (core module (@name "q"))
  (core instance $i (instantiate $m))
  (func $l (canon lift (core func $i "f")))
  (export "d" (func $l) (func)))
