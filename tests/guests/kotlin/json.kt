// JSON: a parser and a printer, there and back.
sealed interface Json
data object Null : Json
data class Bool(val value: Boolean) : Json
data class Num(val value: Double) : Json
data class Text(val value: String) : Json
data class Arr(val items: List<Json>) : Json
data class Obj(val members: Map<String, Json>) : Json

class JsonError(message: String, val at: Int) : Exception("$message at $at")

class Parser(private val text: String) {
    private var at = 0

    fun document(): Json {
        val value = value()
        blanks()
        if (at != text.length) fail("something follows")
        return value
    }

    private fun fail(message: String): Nothing = throw JsonError(message, at)

    private fun blanks() {
        while (at < text.length && text[at] in " \t\r\n") at++
    }

    private fun take(c: Char): Boolean {
        blanks()
        if (at >= text.length || text[at] != c) return false
        at++
        return true
    }

    private fun expect(c: Char) {
        if (!take(c)) fail("'$c' expected")
    }

    private fun value(): Json {
        blanks()
        if (at == text.length) fail("a value expected")
        return when (text[at]) {
            '{' -> obj()
            '[' -> arr()
            '"' -> Text(string())
            't' -> word("true", Bool(true))
            'f' -> word("false", Bool(false))
            'n' -> word("null", Null)
            '-', in '0'..'9' -> number()
            else -> fail("unexpected '${text[at]}'")
        }
    }

    private fun word(word: String, value: Json): Json {
        if (!text.startsWith(word, at)) fail("'$word' expected")
        at += word.length
        return value
    }

    private fun number(): Json {
        val start = at
        while (at < text.length && (text[at].isDigit() || text[at] in "+-.eE")) at++
        return Num(text.substring(start, at).toDoubleOrNull() ?: fail("not a number"))
    }

    private fun string(): String = buildString {
        expect('"')
        while (true) {
            if (at == text.length) fail("the string does not end")
            when (val c = text[at++]) {
                '"' -> return@buildString
                '\\' -> append(escape())
                else -> if (c < ' ') fail("a control character") else append(c)
            }
        }
    }

    private fun escape(): Char {
        val c = text.getOrNull(at++) ?: fail("the string does not end")
        return when (c) {
            '"', '\\', '/' -> c
            'b' -> '\b'
            'f' -> '\u000c'
            'n' -> '\n'
            'r' -> '\r'
            't' -> '\t'
            'u' -> {
                val code = if (at + 4 <= text.length) text.substring(at, at + 4).toIntOrNull(16) else null
                at += 4
                code?.toChar() ?: fail("not an escape")
            }
            else -> fail("not an escape")
        }
    }

    private fun arr(): Json {
        expect('[')
        val items = ArrayList<Json>()
        if (take(']')) return Arr(items)
        do items.add(value()) while (take(','))
        expect(']')
        return Arr(items)
    }

    private fun obj(): Json {
        expect('{')
        val members = LinkedHashMap<String, Json>()
        if (take('}')) return Obj(members)
        do {
            blanks()
            val name = string()
            expect(':')
            members[name] = value()
        } while (take(','))
        expect('}')
        return Obj(members)
    }
}

class Printer(private val indent: String?) {
    private val out = StringBuilder()

    fun print(json: Json): String {
        value(json, 0)
        return out.toString()
    }

    private fun line(depth: Int) {
        if (indent == null) return
        out.append('\n')
        repeat(depth) { out.append(indent) }
    }

    private fun <T> list(open: Char, items: Collection<T>, close: Char, depth: Int, each: (T) -> Unit) {
        out.append(open)
        items.forEachIndexed { i, item ->
            if (i > 0) out.append(',')
            line(depth + 1)
            each(item)
        }
        if (items.isNotEmpty()) line(depth)
        out.append(close)
    }

    private fun value(json: Json, depth: Int) {
        when (json) {
            is Null -> out.append("null")
            is Bool -> out.append(json.value)
            is Num -> out.append(if (json.value == json.value.toLong().toDouble()) json.value.toLong().toString() else json.value.toString())
            is Text -> string(json.value)
            is Arr -> list('[', json.items, ']', depth) { value(it, depth + 1) }
            is Obj -> list('{', json.members.entries, '}', depth) {
                string(it.key)
                out.append(if (indent == null) ":" else ": ")
                value(it.value, depth + 1)
            }
        }
    }

    private fun string(text: String) {
        out.append('"')
        for (c in text) {
            when {
                c == '"' || c == '\\' -> out.append('\\').append(c)
                c == '\n' -> out.append("\\n")
                c < ' ' || c in '\ud800'..'\udfff' -> out.append("\\u").append(c.code.toString(16).padStart(4, '0'))
                else -> out.append(c)
            }
        }
        out.append('"')
    }
}

fun generated(depth: Int, seed: Int): Json = when {
    depth == 0 -> when (seed % 5) {
        0 -> Null
        1 -> Bool(seed % 2 == 0)
        2 -> Num(seed * 0.25)
        3 -> Text("text $seed \"quoted\" \u00e4\u20ac\ud83d\ude00\n")
        else -> Num(-seed.toDouble())
    }
    depth % 2 == 0 -> Arr(List(4) { generated(depth - 1, seed * 4 + it) })
    else -> Obj((0 until 4).associate { "key$it" to generated(depth - 1, seed * 3 + it) })
}

fun main() {
    val text = """ { "name" : "Ashlar", "sizes":[1, 2.5, -3e2, 1E-3], "nested": {"empty": {}, "none": [], "yes": true, "no": false,
        "null": null}, "escapes": "\"\\\/\b\f\n\r\t\u00e4\ud83d\ude00" } """
    val json = Parser(text).document()
    println(Printer(null).print(json))
    println(Printer("  ").print(json))
    println(Parser(Printer("\t").print(json)).document() == json)
    var size = 0
    for (seed in 1..5) {
        val big = generated(6, seed)
        val printed = Printer(null).print(big)
        size += printed.length
        check(Parser(printed).document() == big)
        check(Printer(null).print(Parser(Printer(" ").print(big)).document()) == printed)
    }
    println("there and back: $size characters")
    for (bad in listOf("", "[1,", "{\"a\" 1}", "[1 2]", "\"abc", "tru", "1.2.3", "[1]]", "\"\\x\"", "\"\\u12g4\"", "{1:2}", "-")) {
        println("$bad: " + try { Parser(bad).document().toString() } catch (e: JsonError) { e.message })
    }
    println("depth: " + try { Parser("[".repeat(2000)).document() } catch (e: JsonError) { e.message })
}
