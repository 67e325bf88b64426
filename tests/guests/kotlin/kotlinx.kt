// The library kotlinx.coroutines, on a dispatcher that is a queue: jobs, channels, flows, cancellation, failures.
import kotlin.coroutines.CoroutineContext
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.CoroutineExceptionHandler
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.Runnable
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.channels.produce
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.buffer
import kotlinx.coroutines.flow.catch
import kotlinx.coroutines.flow.flatMapConcat
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.flowOf
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.onCompletion
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.flow.zip
import kotlinx.coroutines.launch
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.yield

object Queue : CoroutineDispatcher() {
    private val tasks = ArrayDeque<Runnable>()

    override fun dispatch(context: CoroutineContext, block: Runnable) = tasks.addLast(block)

    fun run() {
        while (true) (tasks.removeFirstOrNull() ?: return).run()
    }
}

@OptIn(kotlinx.coroutines.ExperimentalCoroutinesApi::class)
fun CoroutineScope.numbers(count: Int) = produce {
    for (i in 1..count) send(i)
}

suspend fun fibonacci(n: Int): Long = coroutineScope {
    if (n < 2) return@coroutineScope n.toLong()
    val a = async { fibonacci(n - 1) }
    val b = async { fibonacci(n - 2) }
    a.await() + b.await()
}

@OptIn(kotlinx.coroutines.ExperimentalCoroutinesApi::class)
suspend fun all(scope: CoroutineScope) {
    println("deferred: " + List(10) { i -> scope.async { yield(); i * i } }.awaitAll())
    println("fibonacci ${fibonacci(12)}")

    val squares = Channel<Int>(3)
    val sender = scope.launch {
        for (n in numbers(6)) squares.send(n * n)
        squares.close()
    }
    var sum = 0
    for (square in squares) sum += square
    sender.join()
    println("channel $sum")

    val letters = flow { for (c in 'a'..'e') emit(c) }
    println(letters.zip(flowOf(1, 2, 3)) { c, n -> c.toString().repeat(n) }.toList())
    println(flowOf(1, 2, 3).buffer(1).flatMapConcat { n -> flowOf(n, n * 10) }.map { it + 1 }.toList())
    val caught = flow { emit(1); throw IllegalStateException("in the flow") }.map { it * 2 }
        .onCompletion { println("completed by ${it?.message}") }.catch { emit(-1) }
    println(caught.toList())

    val mutex = Mutex()
    var counter = 0
    List(50) { scope.launch { repeat(20) { mutex.withLock { val old = counter; yield(); counter = old + 1 } } } }.forEach { it.join() }
    println("counter $counter")

    val endless = scope.launch {
        try {
            while (true) yield()
        } catch (e: CancellationException) {
            println("cancelled: ${e.message}")
            throw e
        } finally {
            println("cleaned up")
        }
    }
    yield()
    endless.cancel(CancellationException("enough"))
    endless.join()
    println("cancelled ${endless.isCancelled}, completed ${endless.isCompleted}")

    val failed = scope.async { coroutineScope { launch { error("a child failed") }; launch { while (true) yield() } } }
    println(runCatching { failed.await() }.exceptionOrNull()?.message)
}

fun main() {
    val handler = CoroutineExceptionHandler { _, e -> println("handler: ${e.message}") }
    val scope = CoroutineScope(Queue + SupervisorJob() + handler)
    val job = scope.launch { all(scope) }
    Queue.run()
    println("done ${job.isCompleted}")
    scope.launch { throw IllegalArgumentException("nobody waits") }
    Queue.run()
    println("active ${scope.coroutineContext[Job]?.isActive}")
}
