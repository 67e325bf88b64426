// Richards: the kernel of an operating system simulated, six tasks that send each other packets. Argument: how often (1500).
const val IDLE = 0
const val WORKER = 1
const val HANDLER_A = 2
const val HANDLER_B = 3
const val DEVICE_A = 4
const val DEVICE_B = 5

enum class Kind { DEVICE, WORK }

// States are sets.
const val RUNNING = 0
const val HAS_PACKET = 1
const val SUSPENDED = 2
const val HELD = 4

class Packet(var link: Packet?, var id: Int, val kind: Kind) {
    var datum = 0
    val data = IntArray(4)

    // The queue with this packet at its end.
    fun addTo(queue: Packet?): Packet {
        link = null
        if (queue == null) return this
        var last: Packet = queue
        while (true) last = last.link ?: break
        last.link = this
        return queue
    }
}

class Control(val link: Control?, val id: Int, val priority: Int, var queue: Packet?, val task: Task) {
    var state = if (queue == null) SUSPENDED else SUSPENDED or HAS_PACKET

    fun waits() = (state and HELD) != 0 || state == SUSPENDED

    fun run(): Control? {
        var packet: Packet? = null
        if (state == (SUSPENDED or HAS_PACKET)) {
            packet = queue!!
            queue = packet.link
            state = if (queue == null) RUNNING else HAS_PACKET
        }
        return task.run(packet)
    }

    // Whichever is to run of this, which gets the packet, and the task that sent it.
    fun receive(sender: Control, packet: Packet): Control {
        if (queue != null) {
            queue = packet.addTo(queue)
            return sender
        }
        queue = packet
        state = state or HAS_PACKET
        return if (priority > sender.priority) this else sender
    }
}

class Scheduler {
    var queued = 0
    var held = 0
    private val blocks = arrayOfNulls<Control>(6)
    private var list: Control? = null
    private var current: Control? = null
    private var currentId = 0

    fun add(id: Int, priority: Int, queue: Packet?, task: Task): Control {
        val control = Control(list, id, priority, queue, task)
        list = control
        blocks[id] = control
        return control
    }

    fun schedule() {
        current = list
        while (true) {
            val now = current ?: break
            if (now.waits()) {
                current = now.link
            } else {
                currentId = now.id
                current = now.run()
            }
        }
    }

    fun suspendCurrent(): Control? {
        current!!.state = current!!.state or SUSPENDED
        return current
    }

    fun holdCurrent(): Control? {
        held++
        current!!.state = current!!.state or HELD
        return current!!.link
    }

    fun release(id: Int): Control? {
        val control = blocks[id] ?: return null
        control.state = control.state and HELD.inv()
        return if (control.priority > current!!.priority) control else current
    }

    fun queue(packet: Packet): Control? {
        val to = blocks[packet.id] ?: return null
        queued++
        packet.link = null
        packet.id = currentId
        return to.receive(current!!, packet)
    }
}

abstract class Task(val scheduler: Scheduler) {
    abstract fun run(packet: Packet?): Control?
}

class Idle(scheduler: Scheduler, private var word: Int, private var count: Int) : Task(scheduler) {
    override fun run(packet: Packet?): Control? {
        if (--count == 0) return scheduler.holdCurrent()
        if (word and 1 == 0) {
            word = word ushr 1
            return scheduler.release(DEVICE_A)
        }
        word = (word ushr 1) xor 0xD008
        return scheduler.release(DEVICE_B)
    }
}

class Device(scheduler: Scheduler) : Task(scheduler) {
    private var pending: Packet? = null

    override fun run(packet: Packet?): Control? {
        if (packet != null) {
            pending = packet
            return scheduler.holdCurrent()
        }
        val old = pending ?: return scheduler.suspendCurrent()
        pending = null
        return scheduler.queue(old)
    }
}

class Worker(scheduler: Scheduler) : Task(scheduler) {
    private var handler = HANDLER_A
    private var letter = 0

    override fun run(packet: Packet?): Control? {
        if (packet == null) return scheduler.suspendCurrent()
        handler = if (handler == HANDLER_A) HANDLER_B else HANDLER_A
        packet.id = handler
        packet.datum = 0
        for (i in packet.data.indices) {
            letter = if (letter == 26) 1 else letter + 1
            packet.data[i] = letter
        }
        return scheduler.queue(packet)
    }
}

class Handler(scheduler: Scheduler) : Task(scheduler) {
    private var works: Packet? = null
    private var devices: Packet? = null

    override fun run(packet: Packet?): Control? {
        if (packet != null) {
            if (packet.kind == Kind.WORK) works = packet.addTo(works) else devices = packet.addTo(devices)
        }
        val work = works ?: return scheduler.suspendCurrent()
        val count = work.datum
        if (count >= work.data.size) {
            works = work.link
            return scheduler.queue(work)
        }
        val device = devices ?: return scheduler.suspendCurrent()
        devices = device.link
        device.datum = work.data[count]
        work.datum = count + 1
        return scheduler.queue(device)
    }
}

fun packets(count: Int, id: Int, kind: Kind): Packet? {
    var queue: Packet? = null
    repeat(count) { queue = Packet(queue, id, kind) }
    return queue
}

fun once(): Scheduler {
    val scheduler = Scheduler()
    scheduler.add(IDLE, 0, null, Idle(scheduler, 1, 10000)).state = RUNNING
    scheduler.add(WORKER, 1000, packets(2, WORKER, Kind.WORK), Worker(scheduler))
    scheduler.add(HANDLER_A, 2000, packets(3, DEVICE_A, Kind.DEVICE), Handler(scheduler))
    scheduler.add(HANDLER_B, 3000, packets(3, DEVICE_B, Kind.DEVICE), Handler(scheduler))
    scheduler.add(DEVICE_A, 4000, null, Device(scheduler))
    scheduler.add(DEVICE_B, 5000, null, Device(scheduler))
    scheduler.schedule()
    return scheduler
}

fun main() {
    val count = argument(1500)
    var queued = 0
    var held = 0
    repeat(count) {
        val scheduler = once()
        queued += scheduler.queued
        held += scheduler.held
    }
    println("$count runs, packets queued $queued, held $held")
    check(queued == count * 23246 && held == count * 9297) // as the original says of 10,000 turns of the idle task
}
