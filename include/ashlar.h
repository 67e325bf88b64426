/// @defgroup c Functions of the C API
/// Ashlar's own C functions, beside the standard ones of wasm.h: settings, errors, linker, WASI, limits, fuel,
/// interruption, callbacks that wait, modules in files. (ashlar/ashlar.h is the C++ interface; a program may use both.)
///
/// The rules of wasm.h hold here, too: who owns what, and which threads may use what. Strings end with a zero and are
/// copied. What can fail returns null for success, or an error that the caller owns; `out` parameters are then null.
/// Where the host's memory runs out, what returns neither an error nor a trap gives null, false or an empty vector, and
/// ashlar_last_error() says out_of_memory.
/// @{
#ifndef ASHLAR_C_H
#define ASHLAR_C_H

#include "wasm.h"

#ifdef __cplusplus
extern "C" {
#endif

#define own  // as in <wasm.h>

/// The library's version, "0.1.0".
WASM_API_EXTERN const char* ashlar_version(void);

// ---- Errors

/// What kind of thing went wrong.
typedef enum ashlar_error_kind_t {
  ASHLAR_MALFORMED,  ///< the bytes or the text are no module
  ASHLAR_INVALID,    ///< the module breaks a rule of validation
  ASHLAR_LINK,       ///< an import or export is missing or has another type
  ASHLAR_TRAP,   ///< running code stopped: unreachable, out of bounds, out of fuel, interrupted, an uncaught exception
  ASHLAR_EXIT,   ///< the program ended itself (WASI proc_exit): see ashlar_error_exit_code
  ASHLAR_IO,     ///< the system refused a file, directory or socket
  ASHLAR_USAGE,  ///< the caller's mistake: wrong arguments, objects of another engine or store
  ASHLAR_LIMIT,  ///< a limit of the store or of the implementation
  ASHLAR_INTERNAL  ///< not supported
} ashlar_error_kind_t;

/// What went wrong. Does not change; any thread may read it.
typedef struct ashlar_error_t ashlar_error_t;
WASM_API_EXTERN void ashlar_error_delete(own ashlar_error_t*);
WASM_API_EXTERN ashlar_error_kind_t ashlar_error_kind(const ashlar_error_t*);
/// A short name that stays the same between versions, such as "out_of_bounds_memory_access". Strings live as long as
/// the error.
WASM_API_EXTERN const char* ashlar_error_id(const ashlar_error_t*);
/// One line for people.
WASM_API_EXTERN const char* ashlar_error_message(const ashlar_error_t*);
/// The message with the position in front; behind it a backtrace, or the line of source text. No newline at the end.
WASM_API_EXTERN const char* ashlar_error_text(const ashlar_error_t*);
// Where in the module or its text, where that is known; false otherwise.
WASM_API_EXTERN bool ashlar_error_offset(const ashlar_error_t*, uint64_t* out);
WASM_API_EXTERN bool ashlar_error_function(const ashlar_error_t*, uint32_t* out);
WASM_API_EXTERN bool ashlar_error_position(const ashlar_error_t*, uint32_t* line, uint32_t* column);
/// The code (0 to 255) of a program that ended itself; false for other errors.
WASM_API_EXTERN bool ashlar_error_exit_code(const ashlar_error_t*, int* out);

/// Why the last function of <wasm.h> that failed on this thread did so. Null when none did yet. Valid until another one
/// fails on this thread.
WASM_API_EXTERN const ashlar_error_t* ashlar_last_error(void);
/// The error behind a trap: its kind tells traps from exits, limits and mistakes. Valid while somebody owns the trap.
WASM_API_EXTERN const ashlar_error_t* ashlar_trap_error(const wasm_trap_t*);

/// Why running code stopped. The numbers stay the same between versions; later ones may have more.
typedef enum ashlar_trap_code_t {
  ASHLAR_TRAP_NONE = 0,  ///< it did not, or by no trap: an exit, a limit, a mistake (ashlar_error_kind)
  ASHLAR_TRAP_UNREACHABLE = 1,
  ASHLAR_TRAP_INTEGER_DIVIDE_BY_ZERO = 2,
  ASHLAR_TRAP_INTEGER_OVERFLOW = 3,
  ASHLAR_TRAP_INVALID_CONVERSION_TO_INTEGER = 4,
  ASHLAR_TRAP_OUT_OF_BOUNDS_MEMORY_ACCESS = 5,
  ASHLAR_TRAP_OUT_OF_BOUNDS_TABLE_ACCESS = 6,
  ASHLAR_TRAP_UNDEFINED_ELEMENT = 7,      ///< beyond the end of a table
  ASHLAR_TRAP_UNINITIALIZED_ELEMENT = 8,  ///< null
  ASHLAR_TRAP_INDIRECT_CALL_TYPE_MISMATCH = 9,
  ASHLAR_TRAP_NULL_REFERENCE = 10,
  ASHLAR_TRAP_NULL_FUNCTION_REFERENCE = 11,
  ASHLAR_TRAP_NULL_STRUCTURE_REFERENCE = 12,
  ASHLAR_TRAP_NULL_ARRAY_REFERENCE = 13,
  ASHLAR_TRAP_NULL_I31_REFERENCE = 14,
  ASHLAR_TRAP_NULL_EXCEPTION_REFERENCE = 15,
  ASHLAR_TRAP_CAST_FAILURE = 16,
  ASHLAR_TRAP_OUT_OF_BOUNDS_ARRAY_ACCESS = 17,
  ASHLAR_TRAP_CALL_STACK_EXHAUSTED = 18,
  ASHLAR_TRAP_UNALIGNED_ATOMIC = 19,
  ASHLAR_TRAP_EXPECTED_SHARED_MEMORY = 20,
  ASHLAR_TRAP_UNCAUGHT_EXCEPTION = 21,
  ASHLAR_TRAP_GC_HEAP_EXHAUSTED = 22,  ///< a limit of the store
  ASHLAR_TRAP_OUT_OF_FUEL = 23,
  ASHLAR_TRAP_INTERRUPTED = 24,   ///< by ashlar_store_interrupt, or a deadline
  ASHLAR_TRAP_HOST_TRAP = 25,     ///< a callback gave it
  ASHLAR_TRAP_OUT_OF_MEMORY = 26  ///< the host's
} ashlar_trap_code_t;
/// Of the error of a trap, or any other.
WASM_API_EXTERN ashlar_trap_code_t ashlar_error_trap_code(const ashlar_error_t*);

// Exceptions, as traps. One that a callback returns is thrown in the guest that called it; one that no guest catches is
// what the host's call gives.

/// Null when the values are not of the tag's types.
WASM_API_EXTERN own wasm_trap_t* ashlar_trap_new_exception(const wasm_tag_t*, const wasm_val_vec_t* values);
/// False for traps that are none; nothing is written then.
WASM_API_EXTERN bool ashlar_trap_exception(const wasm_trap_t*, own wasm_tag_t** tag, own wasm_val_vec_t* values);

/// The function's name: from the name section, an export, or "func[N]".
WASM_API_EXTERN const char* ashlar_frame_func_name(const wasm_frame_t*);
/// From the name section; empty without.
WASM_API_EXTERN const char* ashlar_frame_module_name(const wasm_frame_t*);

// ---- Configuration, to be set before wasm_engine_new_with_config

/// How an engine runs code.
typedef enum ashlar_tier_t {
  ASHLAR_TIER_INTERPRETER,  ///< the default: starts at once, needs no child processes
  ASHLAR_TIER_OPTIMIZING,   ///< machine code; making a module waits for the compiler program, and fails without it
  ASHLAR_TIER_AUTO          ///< interpreted at first; what turns out to be hot is compiled in the background
} ashlar_tier_t;
WASM_API_EXTERN void ashlar_config_set_tier(wasm_config_t*, ashlar_tier_t);

/// How much the compiler program optimizes.
typedef enum ashlar_opt_level_t {
  ASHLAR_OPT_NONE,   ///< the least compile time
  ASHLAR_OPT_QUICK,  ///< what takes little time
  ASHLAR_OPT_USUAL,  ///< the default
  ASHLAR_OPT_FULL,   ///< without regard to compile time
  ASHLAR_OPT_SIZE    ///< small code
} ashlar_opt_level_t;
WASM_API_EXTERN void ashlar_config_set_opt_level(wasm_config_t*, ashlar_opt_level_t);
/// Whether compiled code is kept in the code cache and looked for there; on by default. What is in the cache runs as it
/// is: a folder that does not belong to the user alone is not used.
WASM_API_EXTERN void ashlar_config_set_code_cache(wasm_config_t*, bool on);
/// Instead of $XDG_CACHE_HOME/ashlar or $HOME/.cache/ashlar.
WASM_API_EXTERN void ashlar_config_set_cache_folder(wasm_config_t*, const char* path);
/// The compiler program, where it is neither named by $ASHLAR_LLVM nor installed with the library or beside the
/// program.
WASM_API_EXTERN void ashlar_config_set_compiler(wasm_config_t*, const char* path);
/// Guard pages (the default) let 32-bit memories run without bounds checks, for 4 GiB of address space each.
WASM_API_EXTERN void ashlar_config_set_guard_pages(wasm_config_t*, bool on);
/// Count instructions, so that ashlar_store_set_fuel stops a guest at a place that is always the same.
WASM_API_EXTERN void ashlar_config_set_fuel(wasm_config_t*, bool on);
/// What an instruction takes of the fuel, by its mnemonic ("i64.div_u") or the beginning of several ("f64.*", "*");
/// later calls win, 1 without. False when there is no instruction of that name, or the cost is above 1,000,000.
WASM_API_EXTERN bool ashlar_config_set_fuel_cost(wasm_config_t*, const char* instructions, uint32_t cost);
/// Validate each function at its first call instead of all at once; errors then are traps of that call.
WASM_API_EXTERN void ashlar_config_set_lazy_validation(wasm_config_t*, bool on);
/// Address space in bytes that a 64-bit memory may ever use.
WASM_API_EXTERN void ashlar_config_set_max_memory64_reservation(wasm_config_t*, uint64_t bytes);
/// Room that instances leave for others, so that making one takes microseconds: what a store used is made as new when
/// it ends. At most `memories` linear memories of at most `memory_bytes` each (0: no pool, the default); what was used
/// keeps up to `keep_bytes` in memory while it is idle, and all linear memories together 64 MiB more. Memories beyond
/// those of the pool are mapped as they would be without one, or, without `overflow`, a limit that was met. Each takes
/// 4 GiB of address space (without guard pages `memory_bytes`) and three of the mappings that the system allows a
/// process.
WASM_API_EXTERN void ashlar_config_set_pool(wasm_config_t*, uint32_t memories, uint64_t memory_bytes,
                                            uint64_t keep_bytes, bool overflow);
/// Switches a proposal on or off, by the name that `ashlar features` lists. False when there is none of that name.
WASM_API_EXTERN bool ashlar_config_set_feature(wasm_config_t*, const char* name, bool on);

// ---- Stores: limits, fuel, interruption, garbage

/// What a store may use. Reaching a limit is an error, a failed memory.grow or table.grow, or a trap.
typedef struct ashlar_store_limits_t {
  uint64_t memory_bytes;    ///< all memories together
  uint64_t table_elements;  ///< all tables together
  uint64_t instances;       ///< how many
  uint64_t gc_heap_bytes;   ///< structs, arrays and exceptions
  uint64_t stack_bytes;     ///< of guest frames
  uint32_t host_depth;      ///< nested calls host -> guest -> host
} ashlar_store_limits_t;

/// What wasm_store_new uses.
WASM_API_EXTERN void ashlar_store_limits_init(ashlar_store_limits_t* out);
/// As wasm_store_new, with limits.
WASM_API_EXTERN own wasm_store_t* ashlar_store_new(wasm_engine_t*, const ashlar_store_limits_t*);

/// What a store uses.
typedef struct ashlar_store_usage_t {
  uint64_t memory_bytes;    ///< of all memories, shared ones included
  uint64_t table_elements;  ///< of all tables
  uint64_t instances;       ///< those of its modules
  uint64_t gc_heap_bytes;   ///< of the heap's blocks in use, which hold garbage too until it is collected
} ashlar_store_usage_t;
WASM_API_EXTERN void ashlar_store_usage(const wasm_store_t*, ashlar_store_usage_t* out);

/// Amounts that a tenant uses or may use, over all its stores.
typedef struct ashlar_tenant_amounts_t {
  uint64_t memory_bytes;    ///< linear memories; those that threads of a program share count once
  uint64_t table_elements;  ///< 8 bytes each
  uint64_t gc_heap_bytes;   ///< structs, arrays and exceptions: blocks of 32 KiB
  uint64_t host_bytes;      ///< foreign objects that guests may hold
  uint64_t host_objects;    ///< how many of these
  uint64_t instances;       ///< of all its stores
  uint64_t stores;          ///< that have not ended, those of threads included
  uint64_t threads;         ///< of WASI programs, beside their main ones
  uint64_t bytes;           ///< of everything above that has bytes
  uint64_t descriptors;     ///< open files, directories and sockets of WASI programs, granted ones included
  uint64_t references;      ///< to objects of the collector's heaps, which the host holds
} ashlar_tenant_amounts_t;

/// Counts what its stores use, and refuses what goes beyond in the store that asked, as a limit of that store does.
/// From any threads. Stores keep what they need of it: it may be deleted before them.
typedef struct ashlar_tenant_t ashlar_tenant_t;
/// No limit at all, to be lowered where there is to be one.
WASM_API_EXTERN void ashlar_tenant_amounts_init(ashlar_tenant_amounts_t* out);
/// One that may use `most` of each.
WASM_API_EXTERN own ashlar_tenant_t* ashlar_tenant_new(const ashlar_tenant_amounts_t* most);
WASM_API_EXTERN void ashlar_tenant_delete(own ashlar_tenant_t*);
/// What is used now, and (`peak`, if not null) the most of each that was used at once.
WASM_API_EXTERN void ashlar_tenant_usage(const ashlar_tenant_t*, ashlar_tenant_amounts_t* out,
                                         ashlar_tenant_amounts_t* peak);
/// A store of the tenant's; where it may have no more, instantiating fails.
WASM_API_EXTERN own wasm_store_t* ashlar_tenant_store_new(wasm_engine_t*, const ashlar_tenant_t*,
                                                          const ashlar_store_limits_t*);

/// Instructions left, counted with ashlar_config_set_fuel; running out is a trap. A new store has none.
WASM_API_EXTERN void ashlar_store_set_fuel(wasm_store_t*, int64_t fuel);
WASM_API_EXTERN int64_t ashlar_store_fuel(const wasm_store_t*);

/// Stops running code, and blocking WASI calls, with the trap "interrupted: REASON"; later calls stop too, until
/// ashlar_store_clear_interrupt. From any thread, while somebody owns the store. A host function is not stopped, but
/// what called it is when it returns.
WASM_API_EXTERN void ashlar_store_interrupt(wasm_store_t*, const char* reason);
WASM_API_EXTERN void ashlar_store_clear_interrupt(wasm_store_t*);

/// Interrupts so many nanoseconds from now ("interrupted: deadline"), in place of an earlier deadline. The first one of
/// a process starts a thread, which all stores share.
WASM_API_EXTERN void ashlar_store_set_deadline(wasm_store_t*, uint64_t nanoseconds);
/// There is no deadline any more, and none has passed.
WASM_API_EXTERN void ashlar_store_clear_deadline(wasm_store_t*);

/// Frees structs, arrays, exceptions and foreign objects that nothing refers to, now; otherwise this happens a little
/// at a time while guests allocate. What lies on the stack may look like a reference, so a few can stay.
WASM_API_EXTERN void ashlar_store_collect_garbage(wasm_store_t*);

// ---- Types and values that <wasm.h> has no names for

/// More wasm_valkind_t. Vectors fit no wasm_val_t: functions with such parameters or results can be imported and
/// exported, but not called by the host. References of the any and exn hierarchies (structs, arrays, i31, exceptions)
/// are wasm_ref_t of no further kind, which hold no host information.
enum ashlar_valkind_t { ASHLAR_V128 = 4, ASHLAR_ANYREF = 130, ASHLAR_EXNREF = 131 };

/// As in the text format: "i32", "(ref null 3)"; with a zero at the end. A type that names a defined type, which only
/// modules give, must not be used after them, nor with another engine.
WASM_API_EXTERN void ashlar_valtype_text(const wasm_valtype_t*, own wasm_name_t* out);

// ---- Modules

/// Of `size` bytes of a binary or of the text format.
WASM_API_EXTERN own ashlar_error_t* ashlar_module_new(wasm_store_t*, const char* bytes, size_t size,
                                                      own wasm_module_t** out);
/// From a file in either format. A binary file is mapped and must not change while the module lives.
WASM_API_EXTERN own ashlar_error_t* ashlar_module_new_from_file(wasm_store_t*, const char* path,
                                                                own wasm_module_t** out);
/// The binary of a module in the text format.
WASM_API_EXTERN own ashlar_error_t* ashlar_wat2wasm(const char* text, size_t size, own wasm_byte_vec_t* out);

// wasm_module_serialize and wasm_module_deserialize, with errors, and with files. What is written is the module with
// its machine code (what is not compiled yet is compiled now), or, of engines that only interpret, the binary alone. A
// file is replaced by a whole one or not at all; one that was loaded is mapped, and may be replaced but not written to.
WASM_API_EXTERN own ashlar_error_t* ashlar_module_serialize(const wasm_module_t*, own wasm_byte_vec_t* out);
WASM_API_EXTERN own ashlar_error_t* ashlar_module_deserialize(wasm_store_t*, const char* bytes, size_t size,
                                                              own wasm_module_t** out);
WASM_API_EXTERN own ashlar_error_t* ashlar_module_serialize_to_file(const wasm_module_t*, const char* path);
WASM_API_EXTERN own ashlar_error_t* ashlar_module_deserialize_file(wasm_store_t*, const char* path,
                                                                   own wasm_module_t** out);
/// The same of a file with machine code that nobody but this program's own user writes: only its header is checked, and
/// it takes the same time for a module of any size. What of its declarations cannot be read is told when it is
/// instantiated. Errors: usage, with engines that only interpret.
WASM_API_EXTERN own ashlar_error_t* ashlar_module_deserialize_known_file(wasm_store_t*, const char* path,
                                                                         own wasm_module_t** out);

/// Told of a line of a guest's source: where the code at offsets[i] comes from. Texts are valid during the call.
/// `line` is from 1; 0 when unknown.
typedef void (*ashlar_source_line_callback_t)(void* env, size_t i, const char* function, const char* file,
                                              uint32_t line);
/// Where the instructions at byte offsets of the module (wasm_frame_module_offset) come from in the source, of modules
/// that were built with debug information (DWARF, -g): calls found(env, i, ...) for each in turn, for the innermost
/// function first where the guest's compiler had inlined, and not at all where nothing is known. The compiler program
/// reads the debug information, which takes some hundredths of a second: for what people read. Errors: io (no compiler
/// program), internal.
WASM_API_EXTERN own ashlar_error_t* ashlar_module_source_lines(const wasm_module_t*, const size_t* offsets,
                                                               size_t count, ashlar_source_line_callback_t found,
                                                               void* env);

// ---- Functions and instances

/// What a host function learns about the call. Valid during the call.
typedef struct ashlar_caller_t ashlar_caller_t;
/// The memory that pointers of the caller point into: its only one, else its export "memory", else the first. Null when
/// there is none, or the host calls the host function itself.
WASM_API_EXTERN own wasm_memory_t* ashlar_caller_memory(const ashlar_caller_t*);
/// An export of the calling instance; null when there is none of that name.
WASM_API_EXTERN own wasm_extern_t* ashlar_caller_export(const ashlar_caller_t*, const char* name);
/// Valid during the call.
WASM_API_EXTERN wasm_store_t* ashlar_caller_store(const ashlar_caller_t*);

/// A host function that gets its caller: null, or the trap that its call ends with.
typedef own wasm_trap_t* (*ashlar_func_callback_t)(void* env, ashlar_caller_t*, const wasm_val_vec_t* args,
                                                   own wasm_val_vec_t* results);
/// As wasm_func_new_with_env; the callback also gets its caller.
WASM_API_EXTERN own wasm_func_t* ashlar_func_new(wasm_store_t*, const wasm_functype_t*, ashlar_func_callback_t,
                                                 void* env, void (*finalizer)(void*));

// ---- Calls in which callbacks may wait: their guest is suspended meanwhile, and the thread does something else

/// A call that has begun. Belongs to its store's thread, and keeps the store.
typedef struct ashlar_call_t ashlar_call_t;
/// As wasm_func_call, but that callbacks may wait (ashlar_caller_suspend); back when one does, or the call has ended.
/// What `results` points to is written when it ends, and must be there until then or until the call is deleted; the
/// arguments are copied. While a call is suspended its store runs nothing else: other calls fail.
WASM_API_EXTERN own ashlar_call_t* ashlar_func_call_async(const wasm_func_t*, const wasm_val_vec_t* args,
                                                          wasm_val_vec_t* results);
/// Goes on with it if what it waits for is there, until it waits again or ends. Never blocks. True when it has ended.
WASM_API_EXTERN bool ashlar_call_poll(ashlar_call_t*);
/// Calls f(env) once when ashlar_call_poll would get further: now, if it would already; else whoever completes the
/// wait, or interrupts the store, does so, on any thread. It should do no more than to have the poll done. Replaces the
/// one given before; each wait needs it anew. The call may have been polled, and have ended, before f has returned.
WASM_API_EXTERN void ashlar_call_on_ready(ashlar_call_t*, void (*f)(void* env), void* env);
/// Polls until it has ended, and blocks the thread while there is nothing to do.
WASM_API_EXTERN void ashlar_call_wait(ashlar_call_t*);
/// Of a call that has ended, once: what wasm_func_call would have given. Null for one that has not.
WASM_API_EXTERN own wasm_trap_t* ashlar_call_trap(ashlar_call_t*);
/// One that has not ended is dropped: waits fail, callbacks return, and the guest stops.
WASM_API_EXTERN void ashlar_call_delete(own ashlar_call_t*);

/// The other end of a callback's wait. Any thread may have it; it may outlive call and store.
typedef struct ashlar_completion_t ashlar_completion_t;
/// From within a callback: calls start(done, env) and waits until `done` was completed, perhaps at once. Null then;
/// else a trap, which the callback should return: that of ashlar_completion_fail, "interrupted", that the call was
/// dropped, or that nothing can wait here, as in wasm_func_call. What goes on afterwards may do so on another thread.
WASM_API_EXTERN own wasm_trap_t* ashlar_caller_suspend(const ashlar_caller_t*,
                                                       void (*start)(own ashlar_completion_t* done, void* env),
                                                       void* env);
// Either of them ends it. False when nobody waits any more.
WASM_API_EXTERN bool ashlar_completion_complete(own ashlar_completion_t*);
WASM_API_EXTERN bool ashlar_completion_fail(own ashlar_completion_t*, const char* message);

/// Null when there is none of that name.
WASM_API_EXTERN own wasm_extern_t* ashlar_instance_export(const wasm_instance_t*, const char* name);

// ---- Memories that several stores use at the same time (proposal "threads")

/// Any thread may use it.
typedef struct ashlar_shared_memory_t ashlar_shared_memory_t;
/// Of `min` to `max` pages of 64 KiB.
WASM_API_EXTERN own ashlar_error_t* ashlar_shared_memory_new(wasm_engine_t*, uint32_t min, uint32_t max,
                                                             own ashlar_shared_memory_t** out);
WASM_API_EXTERN void ashlar_shared_memory_delete(own ashlar_shared_memory_t*);
/// Null for a memory that is not shared.
WASM_API_EXTERN own ashlar_shared_memory_t* ashlar_memory_share(const wasm_memory_t*);
/// As a memory of the store, for each store always the same.
WASM_API_EXTERN own wasm_memory_t* ashlar_memory_obtain(wasm_store_t*, const ashlar_shared_memory_t*);

// ---- WASI preview 1

/// What a program is given: besides the process's standard streams, clocks and random numbers only what is said here.
typedef struct ashlar_wasi_config_t ashlar_wasi_config_t;
WASM_API_EXTERN own ashlar_wasi_config_t* ashlar_wasi_config_new(void);
WASM_API_EXTERN void ashlar_wasi_config_delete(own ashlar_wasi_config_t*);
/// One more argument; the first is the program's own name.
WASM_API_EXTERN void ashlar_wasi_config_add_arg(ashlar_wasi_config_t*, const char* arg);
/// One more variable of the environment; the last of a name counts.
WASM_API_EXTERN void ashlar_wasi_config_set_env(ashlar_wasi_config_t*, const char* name, const char* value);
/// The directory `host`, as `guest` in the program's eyes; what lies outside stays out of reach, whatever links say.
WASM_API_EXTERN void ashlar_wasi_config_add_dir(ashlar_wasi_config_t*, const char* host, const char* guest,
                                                bool read_only);
/// A socket that listens on "ADDRESS:PORT".
WASM_API_EXTERN void ashlar_wasi_config_add_listener(ashlar_wasi_config_t*, const char* address);
/// The program may start threads (wasi-threads), at most so many at once beside its main one; the shared memories that
/// it imports are made for it. Its module may import nothing else that the linker defines. All threads end when the
/// program does: when one traps or calls proc_exit, when ashlar_linker_run comes to the end of `_start`, when the store
/// is interrupted, or ends.
WASM_API_EXTERN void ashlar_wasi_config_set_threads(ashlar_wasi_config_t*, uint32_t at_most);

// ---- Linker: imports by name

/// Definitions for one store; of two with one name the later counts. Keeps the store alive, and belongs to its thread.
typedef struct ashlar_linker_t ashlar_linker_t;
WASM_API_EXTERN own ashlar_linker_t* ashlar_linker_new(wasm_store_t*);
WASM_API_EXTERN void ashlar_linker_delete(own ashlar_linker_t*);
/// Errors: usage, for an object of another store.
WASM_API_EXTERN own ashlar_error_t* ashlar_linker_define(ashlar_linker_t*, const char* module, const char* name,
                                                         const wasm_extern_t*);
/// A host function, as ashlar_func_new makes it; it appears in backtraces by its name.
WASM_API_EXTERN void ashlar_linker_define_func(ashlar_linker_t*, const char* module, const char* name,
                                               const wasm_functype_t*, ashlar_func_callback_t, void* env,
                                               void (*finalizer)(void*));
/// All exports of an instance. Errors: usage, for one of another store.
WASM_API_EXTERN own ashlar_error_t* ashlar_linker_define_instance(ashlar_linker_t*, const char* module,
                                                                  const wasm_instance_t*);
/// WASI for the modules that are instantiated from now on; what is defined by name comes first. Directories and sockets
/// are opened when the first module that imports WASI is instantiated. Null for an empty configuration.
WASM_API_EXTERN void ashlar_linker_define_wasi(ashlar_linker_t*, own ashlar_wasi_config_t*);
/// Finds the imports, allocates, runs the start function. Errors: link, usage (a module of another engine), limit, io
/// (what WASI was to open), trap and exit.
WASM_API_EXTERN own ashlar_error_t* ashlar_linker_instantiate(ashlar_linker_t*, const wasm_module_t*,
                                                              own wasm_instance_t** out);
/// Runs a command's `_start`, or a reactor's `_initialize`, when it is there. A program that ends with exit code 0 has
/// succeeded; ashlar_error_exit_code tells others.
WASM_API_EXTERN own ashlar_error_t* ashlar_linker_run(ashlar_linker_t*, const wasm_instance_t*);

// ---- Components (Component Model, WASI 0.2)
//
// Values pass as text, in WAVE: `{width: 2, data: [1, 2]}`, `some("x")`, `ok(3)`. Texts that are given end with a zero
// that their size counts. Programs that pass much data call components by <ashlar/ashlar.h>.

/// Validated and compiled. Does not change; any thread may use it.
typedef struct ashlar_component_t ashlar_component_t;
/// Of `size` bytes of a binary or of the text format.
WASM_API_EXTERN own ashlar_error_t* ashlar_component_new(wasm_engine_t*, const char* bytes, size_t size,
                                                         own ashlar_component_t** out);
/// From a file in either format. A binary file is mapped and must not change while the component lives.
WASM_API_EXTERN own ashlar_error_t* ashlar_component_new_from_file(wasm_engine_t*, const char* path,
                                                                   own ashlar_component_t** out);
WASM_API_EXTERN void ashlar_component_delete(own ashlar_component_t*);
/// The component with the machine code of all its modules and of the adapters between its parts, as `ashlar compile`
/// writes it, for deserialize with the same version of Ashlar on the same kind of processor. What is not compiled yet
/// is compiled now.
WASM_API_EXTERN own ashlar_error_t* ashlar_component_serialize(const ashlar_component_t*, own wasm_byte_vec_t* out);
WASM_API_EXTERN own ashlar_error_t* ashlar_component_serialize_to_file(const ashlar_component_t*, const char* path);
/// Only of what serialize gave: its code is run as it is. The engine must run machine code. A file is mapped, and must
/// not be written to (but may be replaced) while the component lives.
WASM_API_EXTERN own ashlar_error_t* ashlar_component_deserialize(wasm_engine_t*, const char* bytes, size_t size,
                                                                 own ashlar_component_t** out);
WASM_API_EXTERN own ashlar_error_t* ashlar_component_deserialize_file(wasm_engine_t*, const char* path,
                                                                      own ashlar_component_t** out);
/// What it imports or (`exports`) exports, a line each: `ns:pkg/iface@1.0.0#f: func(x: u32) -> string`.
WASM_API_EXTERN void ashlar_component_describe(const ashlar_component_t*, bool exports, own wasm_name_t* out);

/// What components may import, by interface ("ns:pkg/iface@1.0.0"; "": the world's own) and name; versions of one
/// semver track stand in for each other. Of two definitions of the same names the later counts. Used by one thread at a
/// time.
typedef struct ashlar_component_linker_t ashlar_component_linker_t;
WASM_API_EXTERN own ashlar_component_linker_t* ashlar_component_linker_new(void);
WASM_API_EXTERN void ashlar_component_linker_delete(own ashlar_component_linker_t*);
/// `args` is the arguments' text, `(1, "x")`; `result` takes the result's, empty where there is none. To stop the guest
/// the callback returns a message, which is the trap's and must last until the next call on the thread; else null.
typedef const char* (*ashlar_component_callback_t)(void* env, const char* args, own wasm_name_t* result);
/// `finalizer`, if not null, is called with `env` when nothing refers to the callback any more.
WASM_API_EXTERN void ashlar_component_linker_define_func(ashlar_component_linker_t*, const char* interface_name,
                                                         const char* name, ashlar_component_callback_t, void* env,
                                                         void (*finalizer)(void*));
/// WASI 0.2; null: no more than standard streams, clocks and random numbers. Directories are opened for each instance.
WASM_API_EXTERN void ashlar_component_linker_define_wasi(ashlar_component_linker_t*, own ashlar_wasi_config_t*);

/// Keeps its store, to whose thread it belongs.
typedef struct ashlar_component_instance_t ashlar_component_instance_t;
/// Another instance's interface, for components of the same store.
WASM_API_EXTERN own ashlar_error_t* ashlar_component_linker_define_instance(ashlar_component_linker_t*,
                                                                            const char* interface_name,
                                                                            const ashlar_component_instance_t*);
/// The error for imports names all that is missing.
WASM_API_EXTERN own ashlar_error_t* ashlar_component_linker_instantiate(const ashlar_component_linker_t*, wasm_store_t*,
                                                                        const ashlar_component_t*,
                                                                        own ashlar_component_instance_t** out);
WASM_API_EXTERN void ashlar_component_instance_delete(own ashlar_component_instance_t*);
/// A component with what it imports, for hosts that make many instances in one store after another: each takes what the
/// host has for it from one that has ended, as new. Does not change; any thread may use it. Definitions that the linker
/// gets later do not count; one with instances prepares nothing (an error). What is missing shows when an instance is
/// made.
typedef struct ashlar_prepared_component_t ashlar_prepared_component_t;
WASM_API_EXTERN own ashlar_error_t* ashlar_component_linker_prepare(const ashlar_component_linker_t*,
                                                                    const ashlar_component_t*,
                                                                    own ashlar_prepared_component_t** out);
WASM_API_EXTERN own ashlar_error_t* ashlar_prepared_component_instantiate(const ashlar_prepared_component_t*,
                                                                          wasm_store_t*,
                                                                          own ashlar_component_instance_t** out);
WASM_API_EXTERN void ashlar_prepared_component_delete(own ashlar_prepared_component_t*);
/// A whole call: `f(1, "x")`, or `ns:pkg/iface@1.0.0#f(1, "x")` where several interfaces have an f. `result`, if not
/// null, takes the result's text, empty where there is none.
WASM_API_EXTERN own ashlar_error_t* ashlar_component_instance_call(const ashlar_component_instance_t*, const char* call,
                                                                   own wasm_name_t* result);
/// Runs wasi:cli/run. A program that ends with exit code 0 has succeeded; for others see ashlar_error_exit_code.
WASM_API_EXTERN own ashlar_error_t* ashlar_component_instance_run(const ashlar_component_instance_t*);

#undef own

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // ASHLAR_C_H
/// @}
