// Binary trees: many short-lived trees of all sizes beside one that lives long. Argument: the greatest depth (18).
class Node(val left: Node?, val right: Node?)

fun bottomUp(depth: Int): Node = if (depth == 0) Node(null, null) else Node(bottomUp(depth - 1), bottomUp(depth - 1))

fun check(tree: Node): Int {
    val left = tree.left ?: return 1
    return 1 + check(left) + check(tree.right!!)
}

fun main() {
    val most = argument(18)
    println("stretch tree of depth ${most + 1} check: ${check(bottomUp(most + 1))}")
    val longLived = bottomUp(most)
    for (depth in 4..most step 2) {
        val count = 1 shl (most + 4 - depth)
        var sum = 0L
        repeat(count) { sum += check(bottomUp(depth)) }
        println("$count trees of depth $depth check: $sum")
    }
    println("long-lived tree of depth $most check: ${check(longLived)}")
}
