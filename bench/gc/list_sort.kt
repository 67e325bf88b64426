// Merge sort of linked lists, in turns by changing links and by making new nodes. Argument: nodes of a list (1,000,000).
class Node(val value: Int, var next: Node?)

var random = 42

fun nextRandom(): Int {
    random = random * 1664525 + 1013904223
    return random ushr 4
}

fun made(count: Int): Node {
    var list: Node? = null
    repeat(count) { list = Node(nextRandom(), list) }
    return list!!
}

fun merge(first: Node, second: Node): Node {
    var a = first
    var b = second
    val head = Node(0, null)
    var last = head
    while (true) {
        if (a.value <= b.value) {
            last.next = a
            last = a
            val next = a.next
            if (next == null) {
                last.next = b
                return head.next!!
            }
            a = next
        } else {
            last.next = b
            last = b
            val next = b.next
            if (next == null) {
                last.next = a
                return head.next!!
            }
            b = next
        }
    }
}

fun mergeCopying(first: Node, second: Node): Node {
    var a: Node? = first
    var b: Node? = second
    val head = Node(0, null)
    var last = head
    while (a != null || b != null) {
        val value: Int
        if (b == null || a != null && a.value <= b.value) {
            value = a!!.value
            a = a.next
        } else {
            value = b.value
            b = b.next
        }
        val new = Node(value, null)
        last.next = new
        last = new
    }
    return head.next!!
}

// Sorts the first nodes of a list, whose rest is cut off and left here.
class Sorter(val copying: Boolean, var rest: Node?) {
    fun sorted(count: Int): Node {
        if (count == 1) {
            val node = rest!!
            rest = node.next
            node.next = null
            return node
        }
        val a = sorted(count shr 1)
        val b = sorted(count - (count shr 1))
        return if (copying) mergeCopying(a, b) else merge(a, b)
    }
}

fun sum(list: Node): Long {
    var sum = 0L
    var least = 0
    var at: Node? = list
    while (at != null) {
        check(at.value >= least) { "not in order" }
        least = at.value
        sum = sum * 31 + at.value
        at = at.next
    }
    return sum
}

fun main() {
    val count = argument(1_000_000)
    for (round in 0..3) {
        val list = Sorter(round % 2 == 1, made(count)).sorted(count)
        println("$count nodes, round $round: ${sum(list).toULong()}")
    }
}
