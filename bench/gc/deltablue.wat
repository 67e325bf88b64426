;; DeltaBlue: constraints between variables, solved incrementally as constraints are added and removed. Constraints are subtypes
;; with tables of virtual functions; vectors hold any struct and grow. Argument: how often all is done (1000).
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)  ;; 0: what WASI answers; 1024: arguments; 4096: texts; 8192: the line being made
  (data (i32.const 4096) " runs, checksum ")

  ;; Strengths: 0 required, 1 strong preferred, 2 preferred, 3 strong default, 4 normal, 5 weak default, 6 weakest.
  ;; Directions of a binary constraint: 0 none, 1 forward, -1 backward.
  (rec
    (type $elements (array (mut (ref null struct))))
    (type $vector (struct (field $elements (mut (ref $elements))) (field $count (mut i32))))
    (type $variable (struct
      (field $value (mut i32)) (field $constraints (ref $vector)) (field $determined_by (mut (ref null $constraint)))
      (field $mark (mut i32)) (field $walk_strength (mut i32)) (field $stay (mut i32))))
    (type $act (func (param (ref $constraint))))
    (type $marking (func (param (ref $constraint) i32)))
    (type $asking (func (param (ref $constraint)) (result i32)))
    (type $asking_mark (func (param (ref $constraint) i32) (result i32)))
    (type $naming (func (param (ref $constraint)) (result (ref $variable))))
    (type $methods (struct
      (field $add_to_graph (ref $act)) (field $remove_from_graph (ref $act)) (field $choose_method (ref $marking))
      (field $mark_inputs (ref $marking)) (field $is_satisfied (ref $asking)) (field $inputs_known (ref $asking_mark))
      (field $output (ref $naming)) (field $mark_unsatisfied (ref $act)) (field $recalculate (ref $act)) (field $execute (ref $act))))
    (type $constraint (sub (struct (field $methods (ref $methods)) (field $strength i32))))
    (type $unary (sub $constraint (struct
      (field $methods (ref $methods)) (field $strength i32) (field $out (ref $variable)) (field $satisfied (mut i32)))))
    (type $stay_constraint (sub final $unary (struct
      (field $methods (ref $methods)) (field $strength i32) (field $out (ref $variable)) (field $satisfied (mut i32)))))
    (type $edit (sub final $unary (struct
      (field $methods (ref $methods)) (field $strength i32) (field $out (ref $variable)) (field $satisfied (mut i32)))))
    (type $binary (sub $constraint (struct
      (field $methods (ref $methods)) (field $strength i32)
      (field $v1 (ref $variable)) (field $v2 (ref $variable)) (field $direction (mut i32)))))
    (type $equality (sub final $binary (struct
      (field $methods (ref $methods)) (field $strength i32)
      (field $v1 (ref $variable)) (field $v2 (ref $variable)) (field $direction (mut i32)))))
    (type $scaling (sub final $binary (struct
      (field $methods (ref $methods)) (field $strength i32)
      (field $v1 (ref $variable)) (field $v2 (ref $variable)) (field $direction (mut i32))
      (field $scale (ref $variable)) (field $offset (ref $variable))))))

  (elem declare func $unary_add $unary_remove $unary_choose $unary_mark_inputs $unary_is_satisfied $unary_inputs_known $unary_output
    $unary_mark_unsatisfied $unary_recalculate $unary_execute $binary_add $binary_remove $binary_choose $binary_mark_inputs
    $binary_is_satisfied $binary_inputs_known $binary_output $binary_mark_unsatisfied $binary_recalculate $equality_execute
    $scaling_add $scaling_remove $scaling_mark_inputs $scaling_recalculate $scaling_execute)

  (global $unary_methods (ref $methods) (struct.new $methods
    (ref.func $unary_add) (ref.func $unary_remove) (ref.func $unary_choose) (ref.func $unary_mark_inputs)
    (ref.func $unary_is_satisfied) (ref.func $unary_inputs_known) (ref.func $unary_output) (ref.func $unary_mark_unsatisfied)
    (ref.func $unary_recalculate) (ref.func $unary_execute)))
  (global $equality_methods (ref $methods) (struct.new $methods
    (ref.func $binary_add) (ref.func $binary_remove) (ref.func $binary_choose) (ref.func $binary_mark_inputs)
    (ref.func $binary_is_satisfied) (ref.func $binary_inputs_known) (ref.func $binary_output) (ref.func $binary_mark_unsatisfied)
    (ref.func $binary_recalculate) (ref.func $equality_execute)))
  (global $scaling_methods (ref $methods) (struct.new $methods
    (ref.func $scaling_add) (ref.func $scaling_remove) (ref.func $binary_choose) (ref.func $scaling_mark_inputs)
    (ref.func $binary_is_satisfied) (ref.func $binary_inputs_known) (ref.func $binary_output) (ref.func $binary_mark_unsatisfied)
    (ref.func $scaling_recalculate) (ref.func $scaling_execute)))

  (global $mark (mut i32) (i32.const 0))
  (global $sum (mut i64) (i64.const 0))

  ;; Vectors.

  (func $new_vector (result (ref $vector))
    (struct.new $vector (array.new_default $elements (i32.const 4)) (i32.const 0)))

  (func $add (param $vector (ref $vector)) (param $element (ref struct))
    (local $count i32) (local $more (ref $elements))
    (local.set $count (struct.get $vector $count (local.get $vector)))
    (if (i32.eq (local.get $count) (array.len (struct.get $vector $elements (local.get $vector)))) (then
      (local.set $more (array.new_default $elements (i32.shl (local.get $count) (i32.const 1))))
      (array.copy $elements $elements (local.get $more) (i32.const 0)
        (struct.get $vector $elements (local.get $vector)) (i32.const 0) (local.get $count))
      (struct.set $vector $elements (local.get $vector) (local.get $more))))
    (array.set $elements (struct.get $vector $elements (local.get $vector)) (local.get $count) (local.get $element))
    (struct.set $vector $count (local.get $vector) (i32.add (local.get $count) (i32.const 1))))

  (func $at (param $vector (ref $vector)) (param $index i32) (result (ref null struct))
    (array.get $elements (struct.get $vector $elements (local.get $vector)) (local.get $index)))

  (func $constraint_at (param $vector (ref $vector)) (param $index i32) (result (ref $constraint))
    (ref.cast (ref $constraint) (call $at (local.get $vector) (local.get $index))))

  (func $take_last (param $vector (ref $vector)) (result (ref null struct))
    (local $last i32) (local $element (ref null struct))
    (local.set $last (i32.sub (struct.get $vector $count (local.get $vector)) (i32.const 1)))
    (local.set $element (call $at (local.get $vector) (local.get $last)))
    (array.set $elements (struct.get $vector $elements (local.get $vector)) (local.get $last) (ref.null struct))
    (struct.set $vector $count (local.get $vector) (local.get $last))
    (local.get $element))

  ;; All of one element.
  (func $remove (param $vector (ref $vector)) (param $element (ref struct))
    (local $from i32) (local $to i32) (local $count i32) (local $elements (ref $elements)) (local $here (ref null struct))
    (local.set $count (struct.get $vector $count (local.get $vector)))
    (local.set $elements (struct.get $vector $elements (local.get $vector)))
    (block $end
      (loop $next
        (br_if $end (i32.ge_u (local.get $from) (local.get $count)))
        (local.set $here (array.get $elements (local.get $elements) (local.get $from)))
        (if (i32.eqz (ref.eq (local.get $here) (local.get $element))) (then
          (array.set $elements (local.get $elements) (local.get $to) (local.get $here))
          (local.set $to (i32.add (local.get $to) (i32.const 1)))))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (br $next)))
    (array.fill $elements (local.get $elements) (local.get $to) (ref.null struct) (i32.sub (local.get $count) (local.get $to)))
    (struct.set $vector $count (local.get $vector) (local.get $to)))

  ;; Variables.

  (func $new_variable (param $value i32) (result (ref $variable))
    (struct.new $variable (local.get $value) (call $new_vector) (ref.null $constraint) (i32.const 0) (i32.const 6) (i32.const 1)))

  (func $watch (param $variable (ref $variable)) (param $constraint (ref $constraint))
    (call $add (struct.get $variable $constraints (local.get $variable)) (local.get $constraint)))

  (func $unwatch (param $variable (ref $variable)) (param $constraint (ref $constraint))
    (call $remove (struct.get $variable $constraints (local.get $variable)) (local.get $constraint))
    (if (ref.eq (struct.get $variable $determined_by (local.get $variable)) (local.get $constraint))
      (then (struct.set $variable $determined_by (local.get $variable) (ref.null $constraint)))))

  ;; Virtual functions.

  (func $is_satisfied (param $this (ref $constraint)) (result i32)
    (call_ref $asking (local.get $this) (struct.get $methods $is_satisfied (struct.get $constraint $methods (local.get $this)))))
  (func $output (param $this (ref $constraint)) (result (ref $variable))
    (call_ref $naming (local.get $this) (struct.get $methods $output (struct.get $constraint $methods (local.get $this)))))
  (func $recalculate (param $this (ref $constraint))
    (call_ref $act (local.get $this) (struct.get $methods $recalculate (struct.get $constraint $methods (local.get $this)))))
  (func $execute (param $this (ref $constraint))
    (call_ref $act (local.get $this) (struct.get $methods $execute (struct.get $constraint $methods (local.get $this)))))
  (func $mark_unsatisfied (param $this (ref $constraint))
    (call_ref $act (local.get $this) (struct.get $methods $mark_unsatisfied (struct.get $constraint $methods (local.get $this)))))
  (func $remove_from_graph (param $this (ref $constraint))
    (call_ref $act (local.get $this) (struct.get $methods $remove_from_graph (struct.get $constraint $methods (local.get $this)))))

  ;; Unary constraints: a value stays, or is edited, which is an input.

  (func $unary_add (type $act)
    (local $this (ref $unary))
    (local.set $this (ref.cast (ref $unary) (local.get 0)))
    (call $watch (struct.get $unary $out (local.get $this)) (local.get $this))
    (struct.set $unary $satisfied (local.get $this) (i32.const 0)))

  (func $unary_remove (type $act)
    (local $this (ref $unary))
    (local.set $this (ref.cast (ref $unary) (local.get 0)))
    (call $unwatch (struct.get $unary $out (local.get $this)) (local.get $this))
    (struct.set $unary $satisfied (local.get $this) (i32.const 0)))

  (func $unary_choose (type $marking)
    (local $this (ref $unary)) (local $out (ref $variable))
    (local.set $this (ref.cast (ref $unary) (local.get 0)))
    (local.set $out (struct.get $unary $out (local.get $this)))
    (struct.set $unary $satisfied (local.get $this) (i32.and
      (i32.ne (struct.get $variable $mark (local.get $out)) (local.get 1))
      (i32.lt_s (struct.get $unary $strength (local.get $this)) (struct.get $variable $walk_strength (local.get $out))))))

  (func $unary_mark_inputs (type $marking))

  (func $unary_is_satisfied (type $asking)
    (struct.get $unary $satisfied (ref.cast (ref $unary) (local.get 0))))

  (func $unary_inputs_known (type $asking_mark)
    (i32.const 1))

  (func $unary_output (type $naming)
    (struct.get $unary $out (ref.cast (ref $unary) (local.get 0))))

  (func $unary_mark_unsatisfied (type $act)
    (struct.set $unary $satisfied (ref.cast (ref $unary) (local.get 0)) (i32.const 0)))

  (func $unary_recalculate (type $act)
    (local $out (ref $variable))
    (local.set $out (struct.get $unary $out (ref.cast (ref $unary) (local.get 0))))
    (struct.set $variable $walk_strength (local.get $out) (struct.get $constraint $strength (local.get 0)))
    (struct.set $variable $stay (local.get $out) (i32.eqz (ref.test (ref $edit) (local.get 0))))
    (if (struct.get $variable $stay (local.get $out)) (then (call $execute (local.get 0)))))

  (func $unary_execute (type $act))

  ;; Binary constraints.

  (func $input (param $this (ref $binary)) (result (ref $variable))
    (if (result (ref $variable)) (i32.gt_s (struct.get $binary $direction (local.get $this)) (i32.const 0))
      (then (struct.get $binary $v1 (local.get $this)))
      (else (struct.get $binary $v2 (local.get $this)))))

  (func $binary_add (type $act)
    (local $this (ref $binary))
    (local.set $this (ref.cast (ref $binary) (local.get 0)))
    (call $watch (struct.get $binary $v1 (local.get $this)) (local.get $this))
    (call $watch (struct.get $binary $v2 (local.get $this)) (local.get $this))
    (struct.set $binary $direction (local.get $this) (i32.const 0)))

  (func $binary_remove (type $act)
    (local $this (ref $binary))
    (local.set $this (ref.cast (ref $binary) (local.get 0)))
    (call $unwatch (struct.get $binary $v1 (local.get $this)) (local.get $this))
    (call $unwatch (struct.get $binary $v2 (local.get $this)) (local.get $this))
    (struct.set $binary $direction (local.get $this) (i32.const 0)))

  ;; Whether the constraint is stronger than what determines a variable that is not marked.
  (func $can_set (param $this (ref $binary)) (param $variable (ref $variable)) (param $mark i32) (result i32)
    (i32.and (i32.ne (struct.get $variable $mark (local.get $variable)) (local.get $mark))
      (i32.lt_s (struct.get $binary $strength (local.get $this)) (struct.get $variable $walk_strength (local.get $variable)))))

  (func $binary_choose (type $marking)
    (local $this (ref $binary)) (local $v1 (ref $variable)) (local $v2 (ref $variable)) (local $direction i32)
    (local.set $this (ref.cast (ref $binary) (local.get 0)))
    (local.set $v1 (struct.get $binary $v1 (local.get $this)))
    (local.set $v2 (struct.get $binary $v2 (local.get $this)))
    (block $chosen
      (if (i32.eq (struct.get $variable $mark (local.get $v1)) (local.get 1)) (then
        (local.set $direction (call $can_set (local.get $this) (local.get $v2) (local.get 1)))
        (br $chosen)))
      (if (i32.eq (struct.get $variable $mark (local.get $v2)) (local.get 1)) (then
        (local.set $direction (i32.sub (i32.const 0) (call $can_set (local.get $this) (local.get $v1) (local.get 1))))
        (br $chosen)))
      (local.set $direction
        (if (result i32) (i32.gt_s (struct.get $variable $walk_strength (local.get $v1)) (struct.get $variable $walk_strength (local.get $v2)))
          (then (i32.sub (i32.const 0) (call $can_set (local.get $this) (local.get $v1) (local.get 1))))
          (else (call $can_set (local.get $this) (local.get $v2) (local.get 1))))))
    (struct.set $binary $direction (local.get $this) (local.get $direction)))

  (func $binary_mark_inputs (type $marking)
    (struct.set $variable $mark (call $input (ref.cast (ref $binary) (local.get 0))) (local.get 1)))

  (func $binary_is_satisfied (type $asking)
    (i32.ne (struct.get $binary $direction (ref.cast (ref $binary) (local.get 0))) (i32.const 0)))

  (func $binary_inputs_known (type $asking_mark)
    (local $input (ref $variable))
    (local.set $input (call $input (ref.cast (ref $binary) (local.get 0))))
    (i32.or (i32.eq (struct.get $variable $mark (local.get $input)) (local.get 1))
      (i32.or (struct.get $variable $stay (local.get $input)) (ref.is_null (struct.get $variable $determined_by (local.get $input))))))

  (func $binary_output (type $naming)
    (local $this (ref $binary))
    (local.set $this (ref.cast (ref $binary) (local.get 0)))
    (if (result (ref $variable)) (i32.gt_s (struct.get $binary $direction (local.get $this)) (i32.const 0))
      (then (struct.get $binary $v2 (local.get $this)))
      (else (struct.get $binary $v1 (local.get $this)))))

  (func $binary_mark_unsatisfied (type $act)
    (struct.set $binary $direction (ref.cast (ref $binary) (local.get 0)) (i32.const 0)))

  (func $weakest (param $a i32) (param $b i32) (result i32)
    (select (local.get $a) (local.get $b) (i32.gt_s (local.get $a) (local.get $b))))

  (func $binary_recalculate (type $act)
    (local $input (ref $variable)) (local $output (ref $variable))
    (local.set $input (call $input (ref.cast (ref $binary) (local.get 0))))
    (local.set $output (call $output (local.get 0)))
    (struct.set $variable $walk_strength (local.get $output)
      (call $weakest (struct.get $constraint $strength (local.get 0)) (struct.get $variable $walk_strength (local.get $input))))
    (struct.set $variable $stay (local.get $output) (struct.get $variable $stay (local.get $input)))
    (if (struct.get $variable $stay (local.get $output)) (then (call $execute (local.get 0)))))

  (func $equality_execute (type $act)
    (struct.set $variable $value (call $output (local.get 0))
      (struct.get $variable $value (call $input (ref.cast (ref $equality) (local.get 0))))))

  ;; v2 = v1 * scale + offset

  (func $scaling_add (type $act)
    (local $this (ref $scaling))
    (local.set $this (ref.cast (ref $scaling) (local.get 0)))
    (call $binary_add (local.get 0))
    (call $watch (struct.get $scaling $scale (local.get $this)) (local.get $this))
    (call $watch (struct.get $scaling $offset (local.get $this)) (local.get $this)))

  (func $scaling_remove (type $act)
    (local $this (ref $scaling))
    (local.set $this (ref.cast (ref $scaling) (local.get 0)))
    (call $binary_remove (local.get 0))
    (call $unwatch (struct.get $scaling $scale (local.get $this)) (local.get $this))
    (call $unwatch (struct.get $scaling $offset (local.get $this)) (local.get $this)))

  (func $scaling_mark_inputs (type $marking)
    (local $this (ref $scaling))
    (local.set $this (ref.cast (ref $scaling) (local.get 0)))
    (call $binary_mark_inputs (local.get 0) (local.get 1))
    (struct.set $variable $mark (struct.get $scaling $scale (local.get $this)) (local.get 1))
    (struct.set $variable $mark (struct.get $scaling $offset (local.get $this)) (local.get 1)))

  (func $scaling_recalculate (type $act)
    (local $this (ref $scaling)) (local $input (ref $variable)) (local $output (ref $variable))
    (local.set $this (ref.cast (ref $scaling) (local.get 0)))
    (local.set $input (call $input (local.get $this)))
    (local.set $output (call $output (local.get 0)))
    (struct.set $variable $walk_strength (local.get $output)
      (call $weakest (struct.get $constraint $strength (local.get 0)) (struct.get $variable $walk_strength (local.get $input))))
    (struct.set $variable $stay (local.get $output) (i32.and (struct.get $variable $stay (local.get $input))
      (i32.and (struct.get $variable $stay (struct.get $scaling $scale (local.get $this)))
               (struct.get $variable $stay (struct.get $scaling $offset (local.get $this))))))
    (if (struct.get $variable $stay (local.get $output)) (then (call $execute (local.get 0)))))

  (func $scaling_execute (type $act)
    (local $this (ref $scaling)) (local $scale i32) (local $offset i32)
    (local.set $this (ref.cast (ref $scaling) (local.get 0)))
    (local.set $scale (struct.get $variable $value (struct.get $scaling $scale (local.get $this))))
    (local.set $offset (struct.get $variable $value (struct.get $scaling $offset (local.get $this))))
    (if (i32.gt_s (struct.get $scaling $direction (local.get $this)) (i32.const 0))
      (then (struct.set $variable $value (struct.get $scaling $v2 (local.get $this)) (i32.add
        (i32.mul (struct.get $variable $value (struct.get $scaling $v1 (local.get $this))) (local.get $scale)) (local.get $offset))))
      (else (struct.set $variable $value (struct.get $scaling $v1 (local.get $this)) (i32.div_s
        (i32.sub (struct.get $variable $value (struct.get $scaling $v2 (local.get $this))) (local.get $offset)) (local.get $scale))))))

  ;; Making constraints, which adds them.

  (func $add_constraint (param $this (ref $constraint))
    (call_ref $act (local.get $this) (struct.get $methods $add_to_graph (struct.get $constraint $methods (local.get $this))))
    (call $incremental_add (local.get $this)))

  (func $stay (param $variable (ref $variable)) (param $strength i32)
    (call $add_constraint (struct.new $stay_constraint (global.get $unary_methods) (local.get $strength) (local.get $variable) (i32.const 0))))

  (func $edit (param $variable (ref $variable)) (result (ref $constraint))
    (local $edit (ref $edit))
    (local.set $edit (struct.new $edit (global.get $unary_methods) (i32.const 2) (local.get $variable) (i32.const 0)))
    (call $add_constraint (local.get $edit))
    (local.get $edit))

  (func $equal (param $v1 (ref $variable)) (param $v2 (ref $variable))
    (call $add_constraint (struct.new $equality (global.get $equality_methods) (i32.const 0)
      (local.get $v1) (local.get $v2) (i32.const 0))))

  (func $scaled (param $v1 (ref $variable)) (param $scale (ref $variable)) (param $offset (ref $variable)) (param $v2 (ref $variable))
    (call $add_constraint (struct.new $scaling (global.get $scaling_methods) (i32.const 0)
      (local.get $v1) (local.get $v2) (i32.const 0) (local.get $scale) (local.get $offset))))

  (func $destroy (param $this (ref $constraint))
    (if (call $is_satisfied (local.get $this))
      (then (call $incremental_remove (local.get $this)))
      (else (call $remove_from_graph (local.get $this)))))

  ;; The planner.

  (func $new_mark (result i32)
    (global.set $mark (i32.add (global.get $mark) (i32.const 1)))
    (global.get $mark))

  ;; The constraint that was overridden to satisfy this one.
  (func $satisfy (param $this (ref $constraint)) (param $mark i32) (result (ref null $constraint))
    (local $out (ref $variable)) (local $overridden (ref null $constraint))
    (call_ref $marking (local.get $this) (local.get $mark)
      (struct.get $methods $choose_method (struct.get $constraint $methods (local.get $this))))
    (if (i32.eqz (call $is_satisfied (local.get $this))) (then
      (if (i32.eqz (struct.get $constraint $strength (local.get $this))) (then (call $proc_exit (i32.const 2))))
      (return (ref.null $constraint))))
    (call_ref $marking (local.get $this) (local.get $mark)
      (struct.get $methods $mark_inputs (struct.get $constraint $methods (local.get $this))))
    (local.set $out (call $output (local.get $this)))
    (local.set $overridden (struct.get $variable $determined_by (local.get $out)))
    (if (i32.eqz (ref.is_null (local.get $overridden))) (then (call $mark_unsatisfied (ref.as_non_null (local.get $overridden)))))
    (struct.set $variable $determined_by (local.get $out) (local.get $this))
    (if (i32.eqz (call $add_propagate (local.get $this) (local.get $mark))) (then (call $proc_exit (i32.const 3))))
    (struct.set $variable $mark (local.get $out) (local.get $mark))
    (local.get $overridden))

  (func $incremental_add (param $constraint (ref $constraint))
    (local $mark i32)
    (local.set $mark (call $new_mark))
    (block $done
      (loop $next
        (local.set $constraint (br_on_null $done (call $satisfy (local.get $constraint) (local.get $mark))))
        (br $next))))

  ;; What the removed constraint kept from being satisfied is added again, strongest first.
  (func $incremental_remove (param $constraint (ref $constraint))
    (local $out (ref $variable)) (local $unsatisfied (ref $vector)) (local $strength i32) (local $at i32) (local $here (ref $constraint))
    (local.set $out (call $output (local.get $constraint)))
    (call $mark_unsatisfied (local.get $constraint))
    (call $remove_from_graph (local.get $constraint))
    (local.set $unsatisfied (call $remove_propagate_from (local.get $out)))
    (loop $strengths
      (local.set $at (i32.const 0))
      (block $end
        (loop $next
          (br_if $end (i32.ge_u (local.get $at) (struct.get $vector $count (local.get $unsatisfied))))
          (local.set $here (call $constraint_at (local.get $unsatisfied) (local.get $at)))
          (if (i32.eq (struct.get $constraint $strength (local.get $here)) (local.get $strength))
            (then (call $incremental_add (local.get $here))))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br $next)))
      (br_if $strengths (i32.lt_s (local.tee $strength (i32.add (local.get $strength) (i32.const 1))) (i32.const 6)))))

  ;; False when there is a cycle.
  (func $add_propagate (param $constraint (ref $constraint)) (param $mark i32) (result i32)
    (local $todo (ref $vector)) (local $here (ref $constraint)) (local $out (ref $variable))
    (local.set $todo (call $new_vector))
    (call $add (local.get $todo) (local.get $constraint))
    (loop $next
      (local.set $here (ref.cast (ref $constraint) (call $take_last (local.get $todo))))
      (local.set $out (call $output (local.get $here)))
      (if (i32.eq (struct.get $variable $mark (local.get $out)) (local.get $mark)) (then
        (call $incremental_remove (local.get $constraint))
        (return (i32.const 0))))
      (call $recalculate (local.get $here))
      (call $add_consumers (local.get $out) (local.get $todo))
      (br_if $next (struct.get $vector $count (local.get $todo))))
    (i32.const 1))

  ;; Adds the satisfied constraints that a variable is an input of.
  (func $add_consumers (param $variable (ref $variable)) (param $to (ref $vector))
    (local $constraints (ref $vector)) (local $at i32) (local $here (ref $constraint))
    (local.set $constraints (struct.get $variable $constraints (local.get $variable)))
    (block $end
      (loop $next
        (br_if $end (i32.ge_u (local.get $at) (struct.get $vector $count (local.get $constraints))))
        (local.set $here (call $constraint_at (local.get $constraints) (local.get $at)))
        (if (i32.eqz (ref.eq (local.get $here) (struct.get $variable $determined_by (local.get $variable)))) (then
          (if (call $is_satisfied (local.get $here)) (then (call $add (local.get $to) (local.get $here))))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next))))

  ;; Recalculates what depended on a variable; the constraints that are not satisfied.
  (func $remove_propagate_from (param $out (ref $variable)) (result (ref $vector))
    (local $unsatisfied (ref $vector)) (local $todo (ref $vector)) (local $constraints (ref $vector)) (local $at i32)
    (local $variable (ref $variable)) (local $here (ref $constraint))
    (struct.set $variable $determined_by (local.get $out) (ref.null $constraint))
    (struct.set $variable $walk_strength (local.get $out) (i32.const 6))
    (struct.set $variable $stay (local.get $out) (i32.const 1))
    (local.set $unsatisfied (call $new_vector))
    (call $add (local.tee $todo (call $new_vector)) (local.get $out))
    (loop $more
      (local.set $variable (ref.cast (ref $variable) (call $take_last (local.get $todo))))
      (local.set $constraints (struct.get $variable $constraints (local.get $variable)))
      (local.set $at (i32.const 0))
      (block $end
        (loop $next
          (br_if $end (i32.ge_u (local.get $at) (struct.get $vector $count (local.get $constraints))))
          (local.set $here (call $constraint_at (local.get $constraints) (local.get $at)))
          (if (call $is_satisfied (local.get $here))
            (then
              (if (i32.eqz (ref.eq (local.get $here) (struct.get $variable $determined_by (local.get $variable)))) (then
                (call $recalculate (local.get $here))
                (call $add (local.get $todo) (call $output (local.get $here))))))
            (else (call $add (local.get $unsatisfied) (local.get $here))))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br $next)))
      (br_if $more (struct.get $vector $count (local.get $todo))))
    (local.get $unsatisfied))

  ;; The constraints to execute, in order, when the value that is edited changes.
  (func $plan_from (param $edit (ref $constraint)) (result (ref $vector))
    (local $mark i32) (local $plan (ref $vector)) (local $todo (ref $vector)) (local $here (ref $constraint)) (local $out (ref $variable))
    (local.set $mark (call $new_mark))
    (local.set $plan (call $new_vector))
    (local.set $todo (call $new_vector))
    (if (call $is_satisfied (local.get $edit)) (then (call $add (local.get $todo) (local.get $edit))))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (struct.get $vector $count (local.get $todo))))
        (local.set $here (ref.cast (ref $constraint) (call $take_last (local.get $todo))))
        (local.set $out (call $output (local.get $here)))
        (if (i32.ne (struct.get $variable $mark (local.get $out)) (local.get $mark)) (then
          (if (call_ref $asking_mark (local.get $here) (local.get $mark)
                (struct.get $methods $inputs_known (struct.get $constraint $methods (local.get $here)))) (then
            (call $add (local.get $plan) (local.get $here))
            (struct.set $variable $mark (local.get $out) (local.get $mark))
            (call $add_consumers (local.get $out) (local.get $todo))))))
        (br $next)))
    (local.get $plan))

  (func $execute_plan (param $plan (ref $vector))
    (local $at i32)
    (block $end
      (loop $next
        (br_if $end (i32.ge_u (local.get $at) (struct.get $vector $count (local.get $plan))))
        (call $execute (call $constraint_at (local.get $plan) (local.get $at)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next))))

  ;; The two tests. Each value that must come out goes into the checksum.

  (func $must_be (param $variable (ref $variable)) (param $value i32)
    (if (i32.ne (struct.get $variable $value (local.get $variable)) (local.get $value)) (then (call $proc_exit (i32.const 4))))
    (global.set $sum (i64.add (i64.mul (global.get $sum) (i64.const 31)) (i64.extend_i32_u (local.get $value)))))

  ;; A chain of equal variables, the first of which is edited.
  (func $chain (param $count i32)
    (local $first (ref $variable)) (local $last (ref $variable)) (local $next (ref $variable)) (local $at i32)
    (local $edit (ref $constraint)) (local $plan (ref $vector))
    (local.set $last (local.tee $first (call $new_variable (i32.const 0))))
    (loop $more
      (local.set $next (call $new_variable (i32.const 0)))
      (call $equal (local.get $last) (local.get $next))
      (local.set $last (local.get $next))
      (br_if $more (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (local.get $count))))
    (call $stay (local.get $last) (i32.const 3))
    (local.set $edit (call $edit (local.get $first)))
    (local.set $plan (call $plan_from (local.get $edit)))
    (local.set $at (i32.const 0))
    (loop $values
      (struct.set $variable $value (local.get $first) (local.get $at))
      (call $execute_plan (local.get $plan))
      (call $must_be (local.get $last) (local.get $at))
      (br_if $values (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (i32.const 100))))
    (call $destroy (local.get $edit)))

  (func $change (param $variable (ref $variable)) (param $value i32)
    (local $edit (ref $constraint)) (local $plan (ref $vector)) (local $at i32)
    (local.set $edit (call $edit (local.get $variable)))
    (local.set $plan (call $plan_from (local.get $edit)))
    (loop $again
      (struct.set $variable $value (local.get $variable) (local.get $value))
      (call $execute_plan (local.get $plan))
      (br_if $again (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (i32.const 10))))
    (call $destroy (local.get $edit)))

  ;; All but the last are scaled as they must be.
  (func $all_must_be (param $destinations (ref $vector)) (param $scale i32) (param $offset i32)
    (local $at i32)
    (loop $next
      (call $must_be (ref.cast (ref $variable) (call $at (local.get $destinations) (local.get $at)))
        (i32.add (i32.mul (local.get $at) (local.get $scale)) (local.get $offset)))
      (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1)))
        (i32.sub (struct.get $vector $count (local.get $destinations)) (i32.const 1))))))

  ;; Variables that are all scaled by the same two others.
  (func $projection (param $count i32)
    (local $scale (ref $variable)) (local $offset (ref $variable)) (local $destinations (ref $vector)) (local $at i32)
    (local $from (ref null $variable)) (local $to (ref null $variable))
    (local.set $scale (call $new_variable (i32.const 10)))
    (local.set $offset (call $new_variable (i32.const 1000)))
    (local.set $destinations (call $new_vector))
    (loop $next
      (local.set $from (call $new_variable (local.get $at)))
      (local.set $to (call $new_variable (local.get $at)))
      (call $add (local.get $destinations) (ref.as_non_null (local.get $to)))
      (call $stay (ref.as_non_null (local.get $from)) (i32.const 4))
      (call $scaled (ref.as_non_null (local.get $from)) (local.get $scale) (local.get $offset) (ref.as_non_null (local.get $to)))
      (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (local.get $count))))
    (call $change (ref.as_non_null (local.get $from)) (i32.const 17))
    (call $must_be (ref.as_non_null (local.get $to)) (i32.const 1170))
    (call $change (ref.as_non_null (local.get $to)) (i32.const 1050))
    (call $must_be (ref.as_non_null (local.get $from)) (i32.const 5))
    (call $change (local.get $scale) (i32.const 5))
    (call $all_must_be (local.get $destinations) (i32.const 5) (i32.const 1000))
    (call $change (local.get $offset) (i32.const 2000))
    (call $all_must_be (local.get $destinations) (i32.const 5) (i32.const 2000)))

  (func (export "_start")
    (local $count i32) (local $rest i32)
    (local.set $rest (local.tee $count (call $argument (i32.const 1000))))
    (loop $next
      (call $chain (i32.const 400))
      (call $projection (i32.const 400))
      (br_if $next (local.tee $rest (i32.sub (local.get $rest) (i32.const 1)))))
    (call $put_number (i64.extend_i32_u (local.get $count)))
    (call $put_text (i32.const 4096) (i32.const 16))
    (call $put_number (global.get $sum))
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
