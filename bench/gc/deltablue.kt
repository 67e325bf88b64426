// DeltaBlue: constraints between variables, solved incrementally as constraints are added and removed. Argument: how often (1000).

// Strengths.
const val REQUIRED = 0
const val PREFERRED = 2
const val STRONG_DEFAULT = 3
const val NORMAL = 4
const val WEAKEST = 6

enum class Direction { NONE, FORWARD, BACKWARD }

class Variable(var value: Int) {
    val constraints = ArrayList<Constraint>()
    var determinedBy: Constraint? = null
    var mark = 0
    var walkStrength = WEAKEST
    var stay = true

    fun unwatch(constraint: Constraint) {
        constraints.remove(constraint)
        if (determinedBy === constraint) determinedBy = null
    }
}

abstract class Constraint(val strength: Int) {
    abstract val satisfied: Boolean
    abstract val output: Variable
    abstract fun addToGraph()
    abstract fun removeFromGraph()
    abstract fun chooseMethod(mark: Int)
    abstract fun markInputs(mark: Int)
    abstract fun inputsKnown(mark: Int): Boolean
    abstract fun markUnsatisfied()
    abstract fun recalculate()
    abstract fun execute()

    open val isInput get() = false

    // The constraint that was overridden to satisfy this one.
    fun satisfy(planner: Planner, mark: Int): Constraint? {
        chooseMethod(mark)
        if (!satisfied) {
            check(strength != REQUIRED) { "a required constraint cannot be satisfied" }
            return null
        }
        markInputs(mark)
        val out = output
        val overridden = out.determinedBy
        overridden?.markUnsatisfied()
        out.determinedBy = this
        check(planner.addPropagate(this, mark)) { "a cycle" }
        out.mark = mark
        return overridden
    }
}

abstract class Unary(strength: Int, override val output: Variable) : Constraint(strength) {
    final override var satisfied = false

    override fun addToGraph() {
        output.constraints.add(this)
        satisfied = false
    }

    override fun removeFromGraph() {
        output.unwatch(this)
        satisfied = false
    }

    override fun chooseMethod(mark: Int) {
        satisfied = output.mark != mark && strength < output.walkStrength
    }

    override fun markInputs(mark: Int) {}

    override fun inputsKnown(mark: Int) = true

    override fun markUnsatisfied() {
        satisfied = false
    }

    override fun recalculate() {
        output.walkStrength = strength
        output.stay = !isInput
        if (output.stay) execute()
    }

    override fun execute() {}
}

class Stay(strength: Int, variable: Variable) : Unary(strength, variable)

class Edit(variable: Variable) : Unary(PREFERRED, variable) {
    override val isInput get() = true
}

abstract class Binary(val v1: Variable, val v2: Variable) : Constraint(REQUIRED) {
    var direction = Direction.NONE

    override val satisfied get() = direction != Direction.NONE
    override val output get() = if (direction == Direction.FORWARD) v2 else v1
    val input get() = if (direction == Direction.FORWARD) v1 else v2

    override fun addToGraph() {
        v1.constraints.add(this)
        v2.constraints.add(this)
        direction = Direction.NONE
    }

    override fun removeFromGraph() {
        v1.unwatch(this)
        v2.unwatch(this)
        direction = Direction.NONE
    }

    override fun chooseMethod(mark: Int) {
        fun to(variable: Variable, way: Direction) =
            if (variable.mark != mark && strength < variable.walkStrength) way else Direction.NONE
        direction = when {
            v1.mark == mark -> to(v2, Direction.FORWARD)
            v2.mark == mark -> to(v1, Direction.BACKWARD)
            v1.walkStrength > v2.walkStrength -> to(v1, Direction.BACKWARD)
            else -> to(v2, Direction.FORWARD)
        }
    }

    override fun markInputs(mark: Int) {
        input.mark = mark
    }

    override fun inputsKnown(mark: Int) = input.mark == mark || input.stay || input.determinedBy == null

    override fun markUnsatisfied() {
        direction = Direction.NONE
    }

    override fun recalculate() {
        output.walkStrength = maxOf(strength, input.walkStrength)
        output.stay = input.stay
        if (output.stay) execute()
    }
}

class Equality(v1: Variable, v2: Variable) : Binary(v1, v2) {
    override fun execute() {
        output.value = input.value
    }
}

// v2 = v1 * scale + offset
class Scaling(v1: Variable, val scale: Variable, val offset: Variable, v2: Variable) : Binary(v1, v2) {
    override fun addToGraph() {
        super.addToGraph()
        scale.constraints.add(this)
        offset.constraints.add(this)
    }

    override fun removeFromGraph() {
        super.removeFromGraph()
        scale.unwatch(this)
        offset.unwatch(this)
    }

    override fun markInputs(mark: Int) {
        super.markInputs(mark)
        scale.mark = mark
        offset.mark = mark
    }

    override fun recalculate() {
        output.walkStrength = maxOf(strength, input.walkStrength)
        output.stay = input.stay && scale.stay && offset.stay
        if (output.stay) execute()
    }

    override fun execute() {
        if (direction == Direction.FORWARD) v2.value = v1.value * scale.value + offset.value
        else v1.value = (v2.value - offset.value) / scale.value
    }
}

class Planner {
    private var mark = 0

    private fun newMark() = ++mark

    fun add(constraint: Constraint) {
        constraint.addToGraph()
        incrementalAdd(constraint)
    }

    fun destroy(constraint: Constraint) {
        if (constraint.satisfied) incrementalRemove(constraint) else constraint.removeFromGraph()
    }

    private fun incrementalAdd(constraint: Constraint) {
        val mark = newMark()
        var next: Constraint? = constraint
        while (next != null) next = next.satisfy(this, mark)
    }

    // What the removed constraint kept from being satisfied is added again, strongest first.
    private fun incrementalRemove(constraint: Constraint) {
        val out = constraint.output
        constraint.markUnsatisfied()
        constraint.removeFromGraph()
        val unsatisfied = removePropagateFrom(out)
        for (strength in REQUIRED until WEAKEST) {
            for (each in unsatisfied) if (each.strength == strength) incrementalAdd(each)
        }
    }

    // False when there is a cycle.
    fun addPropagate(constraint: Constraint, mark: Int): Boolean {
        val todo = arrayListOf(constraint)
        while (todo.isNotEmpty()) {
            val here = todo.removeLast()
            if (here.output.mark == mark) {
                incrementalRemove(constraint)
                return false
            }
            here.recalculate()
            addConsumers(here.output, todo)
        }
        return true
    }

    private fun addConsumers(variable: Variable, to: MutableList<Constraint>) {
        for (each in variable.constraints) if (each !== variable.determinedBy && each.satisfied) to.add(each)
    }

    // Recalculates what depended on a variable; the constraints that are not satisfied.
    private fun removePropagateFrom(out: Variable): List<Constraint> {
        out.determinedBy = null
        out.walkStrength = WEAKEST
        out.stay = true
        val unsatisfied = ArrayList<Constraint>()
        val todo = arrayListOf(out)
        while (todo.isNotEmpty()) {
            val variable = todo.removeLast()
            for (each in variable.constraints) {
                if (!each.satisfied) {
                    unsatisfied.add(each)
                } else if (each !== variable.determinedBy) {
                    each.recalculate()
                    todo.add(each.output)
                }
            }
        }
        return unsatisfied
    }

    // The constraints to execute, in order, when the value that is edited changes.
    fun planFrom(edit: Edit): List<Constraint> {
        val mark = newMark()
        val plan = ArrayList<Constraint>()
        val todo = ArrayList<Constraint>()
        if (edit.satisfied) todo.add(edit)
        while (todo.isNotEmpty()) {
            val here = todo.removeLast()
            if (here.output.mark != mark && here.inputsKnown(mark)) {
                plan.add(here)
                here.output.mark = mark
                addConsumers(here.output, todo)
            }
        }
        return plan
    }
}

class Tests(private val planner: Planner) {
    var sum = 0L

    private fun mustBe(variable: Variable, value: Int) {
        check(variable.value == value) { "${variable.value} where $value must be" }
        sum = sum * 31 + value
    }

    // A chain of equal variables, the first of which is edited.
    fun chain(count: Int) {
        val variables = List(count + 1) { Variable(0) }
        for (i in 0 until count) planner.add(Equality(variables[i], variables[i + 1]))
        planner.add(Stay(STRONG_DEFAULT, variables.last()))
        val edit = Edit(variables.first())
        planner.add(edit)
        val plan = planner.planFrom(edit)
        for (value in 0 until 100) {
            variables.first().value = value
            plan.forEach { it.execute() }
            mustBe(variables.last(), value)
        }
        planner.destroy(edit)
    }

    private fun change(variable: Variable, value: Int) {
        val edit = Edit(variable)
        planner.add(edit)
        val plan = planner.planFrom(edit)
        repeat(10) {
            variable.value = value
            plan.forEach { it.execute() }
        }
        planner.destroy(edit)
    }

    // Variables that are all scaled by the same two others.
    fun projection(count: Int) {
        val scale = Variable(10)
        val offset = Variable(1000)
        val sources = ArrayList<Variable>()
        val destinations = ArrayList<Variable>()
        for (i in 0 until count) {
            sources.add(Variable(i))
            destinations.add(Variable(i))
            planner.add(Stay(NORMAL, sources[i]))
            planner.add(Scaling(sources[i], scale, offset, destinations[i]))
        }
        change(sources.last(), 17)
        mustBe(destinations.last(), 1170)
        change(destinations.last(), 1050)
        mustBe(sources.last(), 5)
        change(scale, 5)
        for (i in 0 until count - 1) mustBe(destinations[i], i * 5 + 1000)
        change(offset, 2000)
        for (i in 0 until count - 1) mustBe(destinations[i], i * 5 + 2000)
    }
}

fun main() {
    val count = argument(1000)
    val tests = Tests(Planner())
    repeat(count) {
        tests.chain(400)
        tests.projection(400)
    }
    println("$count runs, checksum ${tests.sum.toULong()}")
}
