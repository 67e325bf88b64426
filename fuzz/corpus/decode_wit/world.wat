(component
  (import "a:b/types@1.2.3" (instance $t
    (type $r' (record (field "x" u8) (field "y" (list string))))
    (export "r" (type $r (eq $r')))
    (export "res" (type $res (sub resource)))
    (export "[constructor]res" (func (param "x" $r) (result (own $res))))
    (export "[method]res.m" (func (param "self" (borrow $res)) (result (option $r))))
    (export "[static]res.s" (func (result (result (own $res) (error u32)))))))
  (alias export $t "r" (type $r))
  (import "mine" (type $mine (eq $r)))
  (import "go" (func (param "m" $mine) (result (tuple u8 char))))
  (import "inside" (instance
    (type $e' (enum "a" "b"))
    (export "e" (type $e (eq $e')))
    (type $v' (variant (case "a") (case "b" $e)))
    (export "v" (type $v (eq $v')))
    (type $f' (flags "x" "y"))
    (export "f" (type $f (eq $f')))
    (export "g" (func (param "v" $v) (param "f" $f) (result (list f64)))))))
