// Ashlar's own C functions, beside the standard ones of <wasm.h>: settings, errors, linker, WASI, limits, fuel,
// interruption, modules in files. (<ashlar/ashlar.h> is the C++ interface; a program may use both.)
//
// The rules of <wasm.h> hold here, too: who owns what, and which threads may use what. Strings end with a zero and are
// copied. What can fail returns null for success, or an error that the caller owns; `out` parameters are then null.
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

typedef enum ashlar_tier_t {
  ASHLAR_TIER_INTERPRETER,  ///< the default: starts at once, needs no child processes
  ASHLAR_TIER_OPTIMIZING,   ///< machine code; making a module waits for the compiler program, and fails without it
  ASHLAR_TIER_AUTO          ///< interpreted at first; what turns out to be hot is compiled in the background
} ashlar_tier_t;
WASM_API_EXTERN void ashlar_config_set_tier(wasm_config_t*, ashlar_tier_t);

typedef enum ashlar_opt_level_t {
  ASHLAR_OPT_NONE,
  ASHLAR_OPT_QUICK,
  ASHLAR_OPT_USUAL,  ///< the default
  ASHLAR_OPT_FULL,   ///< without regard to compile time
  ASHLAR_OPT_SIZE    ///< small code
} ashlar_opt_level_t;
/// How much the compiler program optimizes.
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
/// Validate each function at its first call instead of all at once; errors then are traps of that call.
WASM_API_EXTERN void ashlar_config_set_lazy_validation(wasm_config_t*, bool on);
/// Address space in bytes that a 64-bit memory may ever use.
WASM_API_EXTERN void ashlar_config_set_max_memory64_reservation(wasm_config_t*, uint64_t bytes);
/// Room that instances leave for others, so that making one takes microseconds: what a store used is made as new when
/// it ends. At most `memories` linear memories of at most `memory_bytes` each (0: no pool, the default); what was used
/// keeps up to `keep_bytes` in memory while it is idle. Memories beyond those of the pool are mapped as they would be
/// without one, or, without `overflow`, a limit that was met. Each takes 4 GiB of address space (without guard pages
/// `memory_bytes`) and three of the mappings that the system allows a process.
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
WASM_API_EXTERN own wasm_store_t* ashlar_store_new(wasm_engine_t*, const ashlar_store_limits_t*);

/// What a store uses.
typedef struct ashlar_store_usage_t {
  uint64_t memory_bytes;    ///< of all memories, shared ones included
  uint64_t table_elements;  ///< of all tables
  uint64_t instances;
  uint64_t gc_heap_bytes;  ///< of the heap's blocks in use, which hold garbage too until it is collected
} ashlar_store_usage_t;
WASM_API_EXTERN void ashlar_store_usage(const wasm_store_t*, ashlar_store_usage_t* out);

/// Amounts that a tenant uses or may use, over all its stores.
typedef struct ashlar_tenant_amounts_t {
  uint64_t memory_bytes;    ///< linear memories; shared ones count in each store that has them
  uint64_t table_elements;  ///< 8 bytes each
  uint64_t gc_heap_bytes;   ///< structs, arrays and exceptions: blocks of 32 KiB
  uint64_t host_bytes;      ///< foreign objects that guests may hold
  uint64_t host_objects;    ///< how many of these
  uint64_t instances;       ///< of all its stores
  uint64_t stores;          ///< that have not ended
  uint64_t bytes;           ///< of everything above that has bytes
} ashlar_tenant_amounts_t;

/// Counts what its stores use, and refuses what goes beyond in the store that asked, as a limit of that store does.
/// From any threads. Stores keep what they need of it: it may be deleted before them.
typedef struct ashlar_tenant_t ashlar_tenant_t;
/// No limit at all, to be lowered where there is to be one.
WASM_API_EXTERN void ashlar_tenant_amounts_init(ashlar_tenant_amounts_t* out);
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

typedef own wasm_trap_t* (*ashlar_func_callback_t)(void* env, ashlar_caller_t*, const wasm_val_vec_t* args,
                                                   own wasm_val_vec_t* results);
/// As wasm_func_new_with_env; the callback also gets its caller.
WASM_API_EXTERN own wasm_func_t* ashlar_func_new(wasm_store_t*, const wasm_functype_t*, ashlar_func_callback_t,
                                                 void* env, void (*finalizer)(void*));

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
WASM_API_EXTERN void ashlar_wasi_config_set_env(ashlar_wasi_config_t*, const char* name, const char* value);
/// The directory `host`, as `guest` in the program's eyes; what lies outside stays out of reach, whatever links say.
WASM_API_EXTERN void ashlar_wasi_config_add_dir(ashlar_wasi_config_t*, const char* host, const char* guest,
                                                bool read_only);
/// A socket that listens on "ADDRESS:PORT".
WASM_API_EXTERN void ashlar_wasi_config_add_listener(ashlar_wasi_config_t*, const char* address);

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

#undef own

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // ASHLAR_C_H
