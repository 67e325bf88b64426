// Exceptions: types, causes, order of finally, rethrowing, from deep and through callbacks.
open class AppError(message: String, cause: Throwable? = null) : Exception(message, cause)
class NotFound(val key: String) : AppError("no $key")
class Wrapped(cause: Throwable) : AppError("wrapped", cause)

class Resource(val name: String, val failing: Boolean = false) : AutoCloseable {
    init { println("open $name") }

    override fun close() {
        println("close $name")
        if (failing) throw AppError("closing $name")
    }
}

fun find(key: String, map: Map<String, Int>): Int = map[key] ?: throw NotFound(key)

fun order(step: Int): String {
    val log = StringBuilder()
    try {
        try {
            log.append("a")
            if (step == 1) throw NotFound("x")
            if (step == 2) throw IllegalStateException("y")
            if (step == 3) return log.append("r").toString()
            log.append("b")
        } catch (e: AppError) {
            log.append("c")
            if (e is NotFound) throw Wrapped(e)
        } finally {
            log.append("f")
            println("  inner finally: $log")
        }
        log.append("d")
    } catch (e: Wrapped) {
        log.append("w(${e.cause?.message})")
    } catch (e: RuntimeException) {
        log.append("r(${e.message})")
    } finally {
        log.append("g")
        println("  outer finally: $log")
    }
    return log.toString()
}

fun deep(depth: Int): Int = if (depth == 0) throw NotFound("the bottom") else deep(depth - 1) + 1

fun cleaned(depth: Int, count: IntArray): Unit = try {
    if (depth == 0) throw AppError("deep") else cleaned(depth - 1, count)
} finally {
    count[0]++
}

fun loop(): String {
    val seen = ArrayList<Int>()
    outer@ for (i in 0..9) {
        for (j in 0..9) {
            try {
                if (j == 2) continue@outer
                if (i == 3) break@outer
                seen.add(i * 10 + j)
            } finally {
                seen.add(-1)
            }
        }
    }
    return seen.joinToString()
}

fun name(e: Throwable) = e::class.simpleName

fun main() {
    for (step in 0..3) println("$step: ${order(step)}")
    println(runCatching { find("missing", mapOf("here" to 1)) }.fold({ "$it" }, { "${name(it)}: ${it.message}" }))
    println(try { deep(3000).toString() } catch (e: NotFound) { "from deep: ${e.key}" })
    val count = IntArray(1)
    println(runCatching { cleaned(1000, count) }.exceptionOrNull()?.message + " ${count[0]}")
    println(loop())

    println(runCatching { Resource("outer").use { Resource("inner").use { throw AppError("body") } } }.exceptionOrNull()?.message)
    val both = runCatching { Resource("bad", failing = true).use { throw AppError("body") } }.exceptionOrNull()!!
    println("${both.message}, suppressed ${both.suppressedExceptions.map { it.message }}")

    val faults = listOf<Pair<String, () -> Any?>>(
        "cast" to { (listOf<Any>("text")[0] as Int) + 1 }, "null" to { (listOf<String?>(null)[0])!!.length },
        "list" to { listOf(1, 2)[2] }, "number" to { "12x".toInt() }, "empty" to { emptyList<Int>().first() },
        "argument" to { require(false) { "not so" } }, "state" to { check(false) { "not now" } }, "todo" to { TODO("later") },
        "string" to { "abc"[3] }, "iterator" to { val list = arrayListOf(1, 2, 3); for (i in list) list.remove(i) },
        "lateinit" to { Late().value }, "when" to { enumValueOf<Colour>("GREY") },
        "arithmetic" to { 1.0.toInt() / listOf(0)[0] })
    for ((what, fault) in faults) println("$what: " + try { "${fault()}" } catch (e: Throwable) { name(e) })

    var thrown = 0
    for (i in 0 until 20_000) {
        try {
            listOf(1, 2, 3).forEach { if (it == 2 && i % 4 != 0) throw if (i % 2 == 0) NotFound("$i") else IllegalStateException("$i") }
        } catch (e: NotFound) {
            thrown += e.key.length
        } catch (e: IllegalStateException) {
            thrown += 1
        }
    }
    println("thrown $thrown")
    val chain = generateSequence<Throwable>(Wrapped(Wrapped(NotFound("root")))) { it.cause }
    println(chain.map { "${name(it)}(${it.message})" }.joinToString(" <- "))
}

class Late { lateinit var value: String }
enum class Colour { RED, GREEN }
