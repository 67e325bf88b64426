// Strings and collections of the standard library.
data class Person(val name: String, val age: Int, val tags: Set<String> = emptySet())

fun strings() {
    val text = "The quick brown fox jumps over the lazy dog"
    println(text.split(' ').map { it.reversed().replaceFirstChar(Char::uppercaseChar) }.joinToString("-"))
    println(text.lowercase().filter { it.isLetter() }.groupingBy { it }.eachCount().toList().sortedWith(compareBy({ -it.second }, { it.first })).take(5))
    println("%" + "abc".padStart(6, '.') + "|" + "abc".padEnd(6) + "|" + "  trim ".trim() + "|" + "a,b,,c".split(",").size)
    val unicode = "na\u00efve caf\u00e9 \u4e16\u754c \ud83d\ude00"
    println("$unicode: ${unicode.length} units, ${unicode.encodeToByteArray().size} bytes, ${unicode.encodeToByteArray().decodeToString() == unicode}")
    println(buildString { for (i in 0 until 5) { insert(0, i); append(i * i).append(';') }; setLength(length - 1); deleteAt(0) })
    println(Regex("(\\w+)@(\\w+)\\.com").findAll("ann@mail.com, bob@host.org, cy@site.com").map { it.groupValues.drop(1) }.toList())
    println("2024-02-30".replace(Regex("(\\d+)-(\\d+)-(\\d+)"), "$3/$2/$1") + " " + "aXbXc".substringAfter('X') + " " + "x".compareTo("y"))
    println("${"ff".toInt(16)} ${255.toString(2)} ${(-7).mod(3)} ${-7 / 3} ${Int.MAX_VALUE + 1} ${Long.MIN_VALUE} ${3.7.toInt()} ${"1e3".toDouble()}")
    println("""raw \n ${'$'}
        |  margin
        |end""".trimMargin())
    println(listOf("b", "a", "C", "\u00e4").sorted() + listOf("b", "C", "a").sortedBy { it.lowercase() })
    println("${0.1 + 0.2} ${1.0 / 3} ${100.0} ${1e-7} ${1.5e300 * 1e10} ${Double.NaN} ${-1.0 / 0.0} ${1.1f} ${Float.MAX_VALUE}")
}

fun lists() {
    val numbers = (1..20).map { it * 37 % 23 }
    println(numbers.sorted().chunked(6) + listOf(numbers.windowed(3).maxOf { it.sum() }))
    println(numbers.partition { it % 2 == 0 }.toList().map { it.size } + numbers.foldRight(0) { n, sum -> n - sum } + numbers.reduce(Int::xor))
    println(numbers.zipWithNext { a, b -> b - a }.runningFold(0, Int::plus).last())
    val people = listOf(Person("Ann", 31, setOf("a", "b")), Person("Bob", 25), Person("Cy", 31, setOf("b")), Person("Di", 25))
    println(people.sortedWith(compareByDescending(Person::age).thenByDescending { it.name }).map { it.name })
    println(people.groupBy { it.age }.mapValues { (_, group) -> group.map { it.name } })
    println(people.flatMap { it.tags }.toSet() + people.associateBy({ it.name }, { it.age }).filterValues { it > 30 }.keys)
    println(people.maxByOrNull { it.name.length } == people[0].copy() && people[0].hashCode() == people[0].copy().hashCode())
    val mutable = numbers.toMutableList()
    mutable.removeAll { it > 10 }
    mutable.subList(0, 3).clear()
    mutable.addAll(1, listOf(100, 200))
    mutable.sortDescending()
    println("$mutable ${mutable.binarySearch(100, reverseOrder())} ${mutable.indexOf(200)} ${mutable.asReversed().first()}")
    val deque = ArrayDeque<Int>()
    repeat(100) { if (it % 3 == 0) deque.addFirst(it) else deque.addLast(it); if (it % 5 == 0) deque.removeLast() }
    println("${deque.size} ${deque.first()} ${deque.last()} ${deque.sum()}")
    println(intArrayOf(3, 1, 2).apply { sort() }.contentToString() + Array(3) { i -> IntArray(i) { it } }.contentDeepToString())
}

fun maps() {
    val map = LinkedHashMap<String, Int>()
    for (word in "one two three two one two".split(" ")) map[word] = map.getOrElse(word) { 0 } + 1
    println("$map ${map.keys.toList()} ${map.entries.first { it.value == 3 }.key}")
    val big = HashMap<Int, String>()
    for (i in 0 until 50_000) big[i * 7919 % 100_003] = i.toString()
    for (i in 0 until 50_000 step 3) big.remove(i * 7919 % 100_003)
    println("${big.size} ${big[7919]} ${big[7919 * 3]} ${big.values.sumOf { it.length }} ${big.keys.sumOf { it.toLong() }}")
    val set = (1..100).toHashSet()
    set.retainAll { it % 3 == 0 }
    println((set intersect (1..50).toSet()).sorted().take(4) + (setOf(1, 2, 3) - setOf(2)) + (setOf(1) union setOf(9)))
    val nested = HashMap<List<Int>, MutableSet<Pair<Int, String>>>()
    for (i in 0 until 1000) nested.getOrPut(listOf(i % 7, i % 5)) { mutableSetOf() }.add(i % 2 to "x${i % 3}")
    println("${nested.size} ${nested.values.sumOf { it.size }} ${nested[listOf(3, 4)]?.size}")
    val iterator = map.entries.iterator()
    while (iterator.hasNext()) if (iterator.next().value == 2) iterator.remove()
    println("$map ${map.toList().unzip()} ${mapOf(1 to 2) == hashMapOf(1 to 2)}")
}

fun lazies() {
    var evaluated = 0
    val lazy by lazy { evaluated++; "lazy" }
    println("$evaluated $lazy $lazy $evaluated")
    println(generateSequence(1) { it * 3 }.takeWhile { it < 10_000 }.filterIndexed { i, _ -> i % 2 == 0 }.toList())
    println((1..Int.MAX_VALUE).asSequence().map { evaluated++; it * 2 }.first { it > 20 }.toString() + " $evaluated")
    val (small, large) = listOf(5, 50, 500).partition { it < 100 }
    println("$small $large ${(1L..10L).fold(1L) { a, b -> a * b }} ${('a'..'g' step 2).toList()} ${(10 downTo 1 step 4).toList()}")
}

fun main() {
    strings()
    lists()
    maps()
    lazies()
}
