;; Richards: the kernel of an operating system simulated, six tasks that send each other packets. Tasks are subtypes whose
;; work is a function reference. Argument: how often all is done (1500).
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)  ;; 0: what WASI answers; 1024: arguments; 4096: texts; 8192: the line being made
  (data (i32.const 4096) " runs, packets queued , held ")

  (rec
    (type $packet (struct
      (field $link (mut (ref null $packet))) (field $id (mut i32)) (field $kind i32)
      (field $datum (mut i32)) (field $data (ref $data))))
    (type $data (array (mut i32)))
    ;; What runs next, given the task's data and the packet it gets.
    (type $work (func (param (ref $task)) (param (ref null $packet)) (result (ref null $control))))
    (type $task (sub (struct (field $work (ref $work)))))
    (type $idle (sub final $task (struct (field $work (ref $work)) (field $control_word (mut i32)) (field $count (mut i32)))))
    (type $device (sub final $task (struct (field $work (ref $work)) (field $pending (mut (ref null $packet))))))
    (type $worker (sub final $task (struct (field $work (ref $work)) (field $handler (mut i32)) (field $letter (mut i32)))))
    (type $handler (sub final $task (struct
      (field $work (ref $work)) (field $works (mut (ref null $packet))) (field $devices (mut (ref null $packet))))))
    (type $control (struct
      (field $link (ref null $control)) (field $id i32) (field $priority i32)
      (field $queue (mut (ref null $packet))) (field $state (mut i32)) (field $task (ref $task)))))
  (type $controls (array (mut (ref null $control))))

  ;; Tasks: 0 is idle, 1 works, 2 and 3 handle the devices 4 and 5. Kinds of packets: 0 of a device, 1 of work.
  ;; States are sets: 1 has a packet, 2 suspended, 4 held.
  (global $blocks (mut (ref $controls)) (array.new_default $controls (i32.const 6)))
  (global $list (mut (ref null $control)) (ref.null $control))
  (global $current (mut (ref null $control)) (ref.null $control))
  (global $current_id (mut i32) (i32.const 0))
  (global $queued (mut i32) (i32.const 0))
  (global $held (mut i32) (i32.const 0))

  (elem declare func $run_idle $run_device $run_worker $run_handler)

  (func $new_packet (param $link (ref null $packet)) (param $id i32) (param $kind i32) (result (ref $packet))
    (struct.new $packet (local.get $link) (local.get $id) (local.get $kind) (i32.const 0) (array.new_default $data (i32.const 4))))

  ;; The queue with the packet at its end.
  (func $add_to (param $packet (ref $packet)) (param $queue (ref null $packet)) (result (ref $packet))
    (local $at (ref $packet))
    (struct.set $packet $link (local.get $packet) (ref.null $packet))
    (block $empty
      (local.set $at (br_on_null $empty (local.get $queue)))
      (block $end
        (loop $next
          (local.set $at (br_on_null $end (struct.get $packet $link (local.get $at))))
          (br $next)))
      (struct.set $packet $link (local.get $at) (local.get $packet))
      (return (ref.as_non_null (local.get $queue))))
    (local.get $packet))

  (func $add_task (param $id i32) (param $priority i32) (param $queue (ref null $packet)) (param $task (ref $task))
    (global.set $list (struct.new $control (global.get $list) (local.get $id) (local.get $priority) (local.get $queue)
      (select (i32.const 2) (i32.const 3) (ref.is_null (local.get $queue))) (local.get $task)))
    (array.set $controls (global.get $blocks) (local.get $id) (global.get $list)))

  (func $state (param $control (ref null $control)) (param $bits i32)
    (struct.set $control $state (local.get $control)
      (i32.or (struct.get $control $state (local.get $control)) (local.get $bits))))

  ;; What runs after the current task waits: for a packet; for a release; after another task was released.
  (func $suspend_current (result (ref null $control))
    (call $state (global.get $current) (i32.const 2))
    (global.get $current))

  (func $hold_current (result (ref null $control))
    (global.set $held (i32.add (global.get $held) (i32.const 1)))
    (call $state (global.get $current) (i32.const 4))
    (struct.get $control $link (global.get $current)))

  (func $release (param $id i32) (result (ref null $control))
    (local $control (ref null $control))
    (local.set $control (array.get $controls (global.get $blocks) (local.get $id)))
    (if (ref.is_null (local.get $control)) (then (return (local.get $control))))
    (struct.set $control $state (local.get $control) (i32.and (struct.get $control $state (local.get $control)) (i32.const -5)))
    (select (result (ref null $control)) (local.get $control) (global.get $current)
      (i32.gt_s (struct.get $control $priority (local.get $control)) (struct.get $control $priority (global.get $current)))))

  ;; Sends a packet to the task that it names.
  (func $queue (param $packet (ref $packet)) (result (ref null $control))
    (local $to (ref null $control))
    (local.set $to (array.get $controls (global.get $blocks) (struct.get $packet $id (local.get $packet))))
    (if (ref.is_null (local.get $to)) (then (return (local.get $to))))
    (global.set $queued (i32.add (global.get $queued) (i32.const 1)))
    (struct.set $packet $link (local.get $packet) (ref.null $packet))
    (struct.set $packet $id (local.get $packet) (global.get $current_id))
    (if (ref.is_null (struct.get $control $queue (local.get $to)))
      (then
        (struct.set $control $queue (local.get $to) (local.get $packet))
        (call $state (local.get $to) (i32.const 1))
        (if (i32.gt_s (struct.get $control $priority (local.get $to)) (struct.get $control $priority (global.get $current)))
          (then (return (local.get $to)))))
      (else (struct.set $control $queue (local.get $to)
        (call $add_to (local.get $packet) (struct.get $control $queue (local.get $to))))))
    (global.get $current))

  (func $run_idle (type $work)
    (local $task (ref $idle)) (local $word i32)
    (local.set $task (ref.cast (ref $idle) (local.get 0)))
    (struct.set $idle $count (local.get $task) (i32.sub (struct.get $idle $count (local.get $task)) (i32.const 1)))
    (if (i32.eqz (struct.get $idle $count (local.get $task))) (then (return (call $hold_current))))
    (local.set $word (struct.get $idle $control_word (local.get $task)))
    (if (result (ref null $control)) (i32.and (local.get $word) (i32.const 1))
      (then
        (struct.set $idle $control_word (local.get $task) (i32.xor (i32.shr_u (local.get $word) (i32.const 1)) (i32.const 0xD008)))
        (call $release (i32.const 5)))
      (else
        (struct.set $idle $control_word (local.get $task) (i32.shr_u (local.get $word) (i32.const 1)))
        (call $release (i32.const 4)))))

  (func $run_device (type $work)
    (local $task (ref $device)) (local $pending (ref null $packet))
    (local.set $task (ref.cast (ref $device) (local.get 0)))
    (if (i32.eqz (ref.is_null (local.get 1))) (then
      (struct.set $device $pending (local.get $task) (local.get 1))
      (return (call $hold_current))))
    (local.set $pending (struct.get $device $pending (local.get $task)))
    (if (ref.is_null (local.get $pending)) (then (return (call $suspend_current))))
    (struct.set $device $pending (local.get $task) (ref.null $packet))
    (call $queue (ref.as_non_null (local.get $pending))))

  (func $run_worker (type $work)
    (local $task (ref $worker)) (local $packet (ref $packet)) (local $at i32) (local $letter i32)
    (local.set $task (ref.cast (ref $worker) (local.get 0)))
    (if (ref.is_null (local.get 1)) (then (return (call $suspend_current))))
    (local.set $packet (ref.as_non_null (local.get 1)))
    (struct.set $worker $handler (local.get $task) (i32.xor (struct.get $worker $handler (local.get $task)) (i32.const 1)))
    (struct.set $packet $id (local.get $packet) (struct.get $worker $handler (local.get $task)))
    (struct.set $packet $datum (local.get $packet) (i32.const 0))
    (loop $next
      (local.set $letter (i32.add (struct.get $worker $letter (local.get $task)) (i32.const 1)))
      (if (i32.gt_s (local.get $letter) (i32.const 26)) (then (local.set $letter (i32.const 1))))
      (struct.set $worker $letter (local.get $task) (local.get $letter))
      (array.set $data (struct.get $packet $data (local.get $packet)) (local.get $at) (local.get $letter))
      (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (i32.const 4))))
    (call $queue (local.get $packet)))

  (func $run_handler (type $work)
    (local $task (ref $handler)) (local $work (ref $packet)) (local $device (ref $packet)) (local $count i32)
    (local.set $task (ref.cast (ref $handler) (local.get 0)))
    (block $no_packet
      (local.set $work (br_on_null $no_packet (local.get 1)))
      (if (struct.get $packet $kind (local.get $work))
        (then (struct.set $handler $works (local.get $task)
          (call $add_to (local.get $work) (struct.get $handler $works (local.get $task)))))
        (else (struct.set $handler $devices (local.get $task)
          (call $add_to (local.get $work) (struct.get $handler $devices (local.get $task)))))))
    (block $nothing
      (local.set $work (br_on_null $nothing (struct.get $handler $works (local.get $task))))
      (local.set $count (struct.get $packet $datum (local.get $work)))
      (if (i32.ge_s (local.get $count) (i32.const 4)) (then
        (struct.set $handler $works (local.get $task) (struct.get $packet $link (local.get $work)))
        (return (call $queue (local.get $work)))))
      (local.set $device (br_on_null $nothing (struct.get $handler $devices (local.get $task))))
      (struct.set $handler $devices (local.get $task) (struct.get $packet $link (local.get $device)))
      (struct.set $packet $datum (local.get $device) (array.get $data (struct.get $packet $data (local.get $work)) (local.get $count)))
      (struct.set $packet $datum (local.get $work) (i32.add (local.get $count) (i32.const 1)))
      (return (call $queue (local.get $device))))
    (call $suspend_current))

  ;; Gives a task the first packet of its queue, if it waits for one.
  (func $run (param $control (ref null $control)) (result (ref null $control))
    (local $packet (ref null $packet)) (local $task (ref $task))
    (if (i32.eq (struct.get $control $state (local.get $control)) (i32.const 3)) (then
      (local.set $packet (struct.get $control $queue (local.get $control)))
      (struct.set $control $queue (local.get $control) (struct.get $packet $link (local.get $packet)))
      (struct.set $control $state (local.get $control)
        (i32.eqz (ref.is_null (struct.get $control $queue (local.get $control)))))))
    (local.set $task (struct.get $control $task (local.get $control)))
    (call_ref $work (local.get $task) (local.get $packet) (struct.get $task $work (local.get $task))))

  (func $schedule
    (local $state i32)
    (global.set $current (global.get $list))
    (loop $next
      (if (ref.is_null (global.get $current)) (then (return)))
      (local.set $state (struct.get $control $state (global.get $current)))
      (if (i32.or (i32.and (local.get $state) (i32.const 4)) (i32.eq (local.get $state) (i32.const 2)))
        (then (global.set $current (struct.get $control $link (global.get $current))))
        (else
          (global.set $current_id (struct.get $control $id (global.get $current)))
          (global.set $current (call $run (global.get $current)))))
      (br $next)))

  (func $device_packets (param $id i32) (result (ref $packet))
    (call $new_packet (call $new_packet (call $new_packet (ref.null $packet) (local.get $id) (i32.const 0))
      (local.get $id) (i32.const 0)) (local.get $id) (i32.const 0)))

  (func $once
    (global.set $blocks (array.new_default $controls (i32.const 6)))
    (global.set $list (ref.null $control))
    (call $add_task (i32.const 0) (i32.const 0) (ref.null $packet)
      (struct.new $idle (ref.func $run_idle) (i32.const 1) (i32.const 10000)))
    (struct.set $control $state (global.get $list) (i32.const 0))
    (call $add_task (i32.const 1) (i32.const 1000)
      (call $new_packet (call $new_packet (ref.null $packet) (i32.const 1) (i32.const 1)) (i32.const 1) (i32.const 1))
      (struct.new $worker (ref.func $run_worker) (i32.const 2) (i32.const 0)))
    (call $add_task (i32.const 2) (i32.const 2000) (call $device_packets (i32.const 4))
      (struct.new $handler (ref.func $run_handler) (ref.null $packet) (ref.null $packet)))
    (call $add_task (i32.const 3) (i32.const 3000) (call $device_packets (i32.const 5))
      (struct.new $handler (ref.func $run_handler) (ref.null $packet) (ref.null $packet)))
    (call $add_task (i32.const 4) (i32.const 4000) (ref.null $packet) (struct.new $device (ref.func $run_device) (ref.null $packet)))
    (call $add_task (i32.const 5) (i32.const 5000) (ref.null $packet) (struct.new $device (ref.func $run_device) (ref.null $packet)))
    (call $schedule))

  (func (export "_start")
    (local $count i32) (local $rest i32)
    (local.set $rest (local.tee $count (call $argument (i32.const 1500))))
    (loop $next
      (call $once)
      (br_if $next (local.tee $rest (i32.sub (local.get $rest) (i32.const 1)))))
    (call $put_number (i64.extend_i32_u (local.get $count)))
    (call $put_text (i32.const 4096) (i32.const 22))
    (call $put_number (i64.extend_i32_u (global.get $queued)))
    (call $put_text (i32.const 4118) (i32.const 7))
    (call $put_number (i64.extend_i32_u (global.get $held)))
    (call $end_line)
    ;; What the original's author says of 10,000 turns of the idle task.
    (if (i32.or (i32.ne (global.get $queued) (i32.mul (local.get $count) (i32.const 23246)))
                (i32.ne (global.get $held) (i32.mul (local.get $count) (i32.const 9297))))
      (then (call $proc_exit (i32.const 1)))))

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
