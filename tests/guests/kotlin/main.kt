// A guest in Kotlin: GC objects, interfaces, closures, exceptions and collections.
sealed interface Expression
data class Number(val value: Double) : Expression
data class Sum(val left: Expression, val right: Expression) : Expression
data class Quotient(val left: Expression, val right: Expression) : Expression

class DivisionByZero(val by: Expression) : Exception("division by zero in $by")

fun evaluate(e: Expression): Double = when (e) {
    is Number -> e.value
    is Sum -> evaluate(e.left) + evaluate(e.right)
    is Quotient -> {
        val divisor = evaluate(e.right)
        if (divisor == 0.0) throw DivisionByZero(e.right)
        evaluate(e.left) / divisor
    }
}

class Node(val key: Int, var left: Node? = null, var right: Node? = null)

fun insert(root: Node?, key: Int): Node {
    if (root == null) return Node(key)
    if (key < root.key) root.left = insert(root.left, key) else if (key > root.key) root.right = insert(root.right, key)
    return root
}

fun depth(root: Node?): Int = if (root == null) 0 else 1 + maxOf(depth(root.left), depth(root.right))

fun main() {
    println("hello from Kotlin: " + (1..10).filter { it % 2 == 1 }.joinToString("+") + " = " + (1..10 step 2).sum())
    val good = Sum(Number(1.5), Quotient(Number(7.0), Number(2.0)))
    println("$good = ${evaluate(good)}")
    try {
        evaluate(Sum(good, Quotient(good, Number(0.0))))
    } catch (e: DivisionByZero) {
        println("caught: ${e.message}")
    } finally {
        println("finally")
    }
    var root: Node? = null
    var key = 1
    repeat(2000) { key = (key * 1103515245 + 12345) and 0x7fffffff; root = insert(root, key % 10007) }
    println("depth ${depth(root)}")
    val groups = (1..1000).groupBy { it.toString().length }.mapValues { (_, v) -> v.sum() }
    println(groups.entries.sortedBy { it.key }.joinToString { "${it.key}: ${it.value}" })
    val thrown = (1..500).count { i ->
        try { if (i % 3 == 0) throw IllegalStateException("$i") else false } catch (e: IllegalStateException) { true }
    }
    println("thrown $thrown, ${"Ashlar".reversed().uppercase()}, ${listOf(3, 1, 2).sorted()}, ${10.0 / 3}")
    println(runCatching { "twelve".toInt() }.exceptionOrNull() is NumberFormatException)
}
