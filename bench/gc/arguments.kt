// The argument of a program, by WASI: the library gives main none.
import kotlin.wasm.ExperimentalWasmInterop
import kotlin.wasm.WasmImport
import kotlin.wasm.unsafe.Pointer
import kotlin.wasm.unsafe.UnsafeWasmMemoryApi
import kotlin.wasm.unsafe.withScopedMemoryAllocator

@OptIn(ExperimentalWasmInterop::class)
@WasmImport("wasi_snapshot_preview1", "args_sizes_get")
private external fun argsSizesGet(count: Int, size: Int): Int

@OptIn(ExperimentalWasmInterop::class)
@WasmImport("wasi_snapshot_preview1", "args_get")
private external fun argsGet(arguments: Int, texts: Int): Int

// The program's first argument, a number, or what is usual.
@OptIn(UnsafeWasmMemoryApi::class)
fun argument(usual: Int): Int = withScopedMemoryAllocator { allocator ->
    val sizes = allocator.allocate(8)
    argsSizesGet(sizes.address.toInt(), sizes.address.toInt() + 4)
    val count = sizes.loadInt()
    if (count < 2) return@withScopedMemoryAllocator usual
    val pointers = allocator.allocate(4 * count)
    val texts = allocator.allocate((sizes + 4).loadInt())
    argsGet(pointers.address.toInt(), texts.address.toInt())
    var at = Pointer((pointers + 4).loadInt().toUInt())
    var value = 0
    while (true) {
        val digit = at.loadByte() - '0'.code
        if (digit !in 0..9) break
        value = value * 10 + digit
        at += 1
    }
    value
}
