// Coroutines by the standard library alone: sequences, a generator of both directions, and a small dispatcher with channels.
import kotlin.coroutines.Continuation
import kotlin.coroutines.CoroutineContext
import kotlin.coroutines.EmptyCoroutineContext
import kotlin.coroutines.createCoroutine
import kotlin.coroutines.intrinsics.COROUTINE_SUSPENDED
import kotlin.coroutines.intrinsics.suspendCoroutineUninterceptedOrReturn
import kotlin.coroutines.resume
import kotlin.coroutines.resumeWithException
import kotlin.coroutines.startCoroutine
import kotlin.coroutines.suspendCoroutine

fun primes(): Sequence<Int> = sequence {
    val found = ArrayList<Int>()
    var candidate = 2
    while (true) {
        if (found.takeWhile { it * it <= candidate }.none { candidate % it == 0 }) {
            found.add(candidate)
            yield(candidate)
        }
        candidate++
    }
}

class Tree(val value: Int, val left: Tree? = null, val right: Tree? = null)

fun tree(from: Int, to: Int): Tree? {
    if (from > to) return null
    val middle = (from + to) / 2
    return Tree(middle, tree(from, middle - 1), tree(middle + 1, to))
}

suspend fun SequenceScope<Int>.inOrder(tree: Tree?) {
    if (tree == null) return
    inOrder(tree.left)
    yield(tree.value)
    inOrder(tree.right)
}

// Tasks in a queue, and a clock that only goes on when nothing else is to do.
class Dispatcher {
    private class Later(val time: Int, val number: Int, val action: () -> Unit)

    private val ready = ArrayDeque<() -> Unit>()
    private val later = ArrayList<Later>()
    private var started = 0
    var now = 0
        private set

    fun post(action: () -> Unit) = ready.addLast(action)

    fun start(name: String, body: suspend () -> Unit) = post {
        body.startCoroutine(object : Continuation<Unit> {
            override val context: CoroutineContext = EmptyCoroutineContext
            override fun resumeWith(result: Result<Unit>) {
                println("$now: $name " + result.fold({ "is done" }, { "failed: ${it.message}" }))
            }
        })
    }

    suspend fun pause(time: Int) = suspendCoroutine<Unit> { next -> later.add(Later(now + time, started++) { next.resume(Unit) }) }

    fun run() {
        while (true) {
            val action = ready.removeFirstOrNull()
            if (action != null) {
                action()
                continue
            }
            val first = later.minWithOrNull(compareBy({ it.time }, { it.number })) ?: return
            later.remove(first)
            now = first.time
            first.action()
        }
    }
}

class Closed : Exception("closed")

class Channel<T>(private val dispatcher: Dispatcher, private val room: Int) {
    private val items = ArrayDeque<T>()
    private val senders = ArrayDeque<Continuation<Unit>>()
    private val receivers = ArrayDeque<Continuation<Unit>>()
    private var closed = false

    suspend fun send(item: T) {
        while (items.size >= room) wait(senders)
        items.addLast(item)
        wake(receivers)
    }

    suspend fun receive(): T {
        while (items.isEmpty()) {
            if (closed) throw Closed()
            wait(receivers)
        }
        wake(senders)
        return items.removeFirst()
    }

    fun close() {
        closed = true
        while (receivers.isNotEmpty()) wake(receivers)
    }

    private suspend fun wait(queue: ArrayDeque<Continuation<Unit>>): Unit = suspendCoroutineUninterceptedOrReturn { next ->
        queue.addLast(next)
        COROUTINE_SUSPENDED
    }

    private fun wake(queue: ArrayDeque<Continuation<Unit>>) {
        val next = queue.removeFirstOrNull() ?: return
        dispatcher.post { next.resume(Unit) }
    }
}

suspend fun deep(depth: Int, dispatcher: Dispatcher): Int {
    if (depth == 0) {
        dispatcher.pause(1)
        return 0
    }
    return try {
        deep(depth - 1, dispatcher) + 1
    } finally {
        if (depth % 100 == 0) dispatcher.pause(1)
    }
}

suspend fun failing(): Int = suspendCoroutine { it.resumeWithException(IllegalStateException("resumed with an exception")) }

fun main() {
    println(primes().drop(95).take(5).toList())
    println(sequence { inOrder(tree(1, 1000)) }.filter { it % 7 == 0 }.map { it * it }.sum())
    val pairs = sequence { for (a in 1..3) { yieldAll(listOf(a, -a)); yieldAll(generateSequence(a) { it * 10 }.take(a)) } }
    println(pairs.joinToString())

    val dispatcher = Dispatcher()
    val channel = Channel<Int>(dispatcher, 2)
    dispatcher.start("producer") {
        for (i in 1..5) {
            if (i == 4) dispatcher.pause(10)
            channel.send(i * i)
        }
        channel.close()
    }
    for (name in listOf("first", "second")) {
        dispatcher.start(name) {
            var sum = 0
            try {
                while (true) {
                    val item = channel.receive()
                    println("${dispatcher.now}: $name got $item")
                    sum += item
                    dispatcher.pause(3)
                }
            } catch (e: Closed) {
                println("${dispatcher.now}: $name, sum $sum, ${e.message}")
            }
        }
    }
    dispatcher.start("deep") { println("${dispatcher.now}: depth ${deep(1000, dispatcher)} at ${dispatcher.now}") }
    dispatcher.start("failing") { println(failing()) }
    dispatcher.run()

    var many = 0
    val crowd = Dispatcher()
    repeat(2_000) { i -> suspend { crowd.pause(i % 100); many += i % 3; crowd.pause(1); many++; Unit }.createCoroutine(ignoring).resume(Unit) }
    println("created: $many")
    crowd.run()
    println("all ran: $many at ${crowd.now}")
}

val ignoring = object : Continuation<Unit> {
    override val context: CoroutineContext = EmptyCoroutineContext
    override fun resumeWith(result: Result<Unit>) = result.getOrThrow()
}
