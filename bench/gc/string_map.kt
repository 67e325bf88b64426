// A hash map of strings, the library's: set, get, remove. Argument: operations (2,000,000).
var random = 7

fun nextRandom(): Int {
    random = random * 1664525 + 1013904223
    return random ushr 8
}

// Appends to what the key has, or gives it one character; a text of 24 begins anew.
fun set(map: HashMap<String, String>, key: String, letter: Char) {
    val old = map[key]
    map[key] = if (old == null || old.length >= 24) letter.toString() else old + letter
}

fun checksum(map: Map<String, String>): Long {
    var sum = 0L
    for ((key, value) in map) {
        val hash = key.hashCode()
        var text = 0L
        for (letter in value) text = text * 31 + letter.code
        sum += (hash xor (hash ushr 16)).toLong() xor text
    }
    return sum
}

// Half of the operations set, three of ten look up, the rest remove; there are a fourth as many keys as operations.
fun main() {
    val count = argument(2_000_000)
    val map = HashMap<String, String>()
    val keys = count / 4 + 1
    var found = 0
    repeat(count) {
        val what = nextRandom() % 10
        val key = "key-" + nextRandom() % keys
        when {
            what < 5 -> set(map, key, 'a' + what)
            what < 8 -> if (map[key] != null) found++
            else -> if (map.remove(key) != null) found++
        }
    }
    println("$count operations: size ${map.size}, found $found, checksum ${checksum(map).toULong()}")
}
