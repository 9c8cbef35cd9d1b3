// SPDX-License-Identifier: Apache-2.0

/// Bytes that wait, in memory that is given back once none are left.
struct ByteQueue: ~Copyable {
  private static let smallest = 512

  private var memory: UnsafeMutableRawPointer?
  private var capacity = 0
  private var start = 0
  private var end = 0
  /// Where its memory is counted.
  private let budget: MemoryBudget?

  /// `budget`: nil for what is not kept from one event to the next.
  init(_ budget: MemoryBudget? = nil) { self.budget = budget }

  deinit {
    memory?.deallocate()
    budget?.add(-MemoryBudget.weight(capacity))
  }

  var count: Int { end &- start }
  var isEmpty: Bool { start == end }

  /// Valid until the next change.
  var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: memory.map { $0 + start }, count: count)
  }

  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    if bytes.isEmpty { return }
    write(capacity: bytes.count) { target in
      target.copyMemory(from: bytes)
      return bytes.count
    }
  }

  /// Puts bytes in place of as many that are there already.
  mutating func overwrite(at offset: Int, with bytes: [UInt8]) {
    guard let memory, offset >= 0, offset &+ bytes.count <= count else { return }
    bytes.withUnsafeBytes { source in
      UnsafeMutableRawBufferPointer(start: memory + start + offset, count: source.count)
        .copyMemory(from: source)
    }
  }

  /// `name: value` and the end of the line.
  mutating func append(
    line name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
  ) {
    gather(capacity: name.count &+ value.count &+ 4) { writer in
      writer.write(name)
      writer.write(": ")
      writer.write(value)
      writer.write("\r\n")
    }
  }

  /// Writes pieces of up to `capacity` bytes together into memory that is looked for once.
  @inline(__always)
  mutating func gather(capacity: Int, _ fill: (inout PieceWriter) -> Void) {
    write(capacity: capacity) { target in
      guard let start = target.baseAddress else { return 0 }
      var writer = PieceWriter(start, capacity: capacity)
      fill(&writer)
      return writer.count
    }
  }

  mutating func append(_ text: StaticString) {
    append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// Lets `fill` write up to `capacity` bytes behind the others; it answers how many it wrote.
  mutating func write(capacity: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) {
    let memory = reserve(capacity)
    let written = fill(UnsafeMutableRawBufferPointer(start: memory + end, count: capacity))
    precondition(written >= 0 && written <= capacity, "more was written than there is room for")
    end &+= written
  }

  mutating func consume(_ count: Int) {
    precondition(count >= 0 && count <= self.count, "more was consumed than there is")
    start &+= count
    if start == end { clear() }
  }

  /// Lets `change` write over the last `count` bytes, and takes back the last `dropped` of them.
  mutating func amend(
    last count: Int, dropping dropped: Int, _ change: (UnsafeMutableRawBufferPointer) -> Void
  ) {
    precondition(dropped >= 0 && dropped <= count && count <= self.count, "not so many bytes")
    if let memory {
      change(UnsafeMutableRawBufferPointer(start: memory + (end &- count), count: count))
    }
    end &-= dropped
  }

  /// The same, and memory that is not needed any more goes to the cache.
  mutating func consume(_ count: Int, leavingTo cache: inout BlockCache) {
    precondition(count >= 0 && count <= self.count, "more was consumed than there is")
    start &+= count
    if start == end { giveBack(to: &cache) }
  }

  /// Forgets the bytes and gives the memory back.
  mutating func clear() {
    memory?.deallocate()
    memory = nil
    noteCapacity(capacity, 0)
    capacity = 0
    start = 0
    end = 0
  }

  /// Starts with a block of the cache, if it has no memory.
  mutating func borrow(from cache: inout BlockCache) {
    if memory != nil { return }
    memory = cache.take()
    capacity = BlockCache.blockSize
  }

  /// Forgets the bytes, and leaves the memory to the cache if it has the right size.
  mutating func giveBack(to cache: inout BlockCache) {
    if let block = memory, capacity == BlockCache.blockSize {
      cache.give(block)
      memory = nil
    }
    clear()
  }

  /// Forgets the bytes but keeps the memory, unless it grew beyond `limit`.
  mutating func reuse(keeping limit: Int) {
    if capacity > limit { return clear() }
    start = 0
    end = 0
  }

  @inline(__always)
  private mutating func reserve(_ room: Int) -> UnsafeMutableRawPointer {
    if let memory, capacity &- end >= room { return memory }
    return makeRoom(room)
  }

  @inline(never)
  private mutating func makeRoom(_ room: Int) -> UnsafeMutableRawPointer {
    let count = count
    if let memory, capacity &- count >= room, start >= capacity / 2 {
      memory.copyMemory(from: memory + start, byteCount: count)
      start = 0
      end = count
      return memory
    }
    // Doubling keeps the copies in proportion to what was appended.
    let larger = max(Self.smallest, count &+ room, capacity > 0 ? count &* 2 : 0)
    let fresh = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 1)
    if let memory {
      fresh.copyMemory(from: memory + start, byteCount: count)
      memory.deallocate()
    }
    memory = fresh
    noteCapacity(capacity, larger)
    capacity = larger
    start = 0
    end = count
    return fresh
  }

  private func noteCapacity(_ former: Int, _ capacity: Int) {
    let change = MemoryBudget.weight(capacity) &- MemoryBudget.weight(former)
    if change != 0 { budget?.add(change) }
  }
}

/// Writes pieces one behind the other.
struct PieceWriter {
  private let start: UnsafeMutableRawPointer
  private let capacity: Int
  private(set) var count = 0

  init(_ start: UnsafeMutableRawPointer, capacity: Int) {
    self.start = start
    self.capacity = capacity
  }

  @inline(__always)
  mutating func write(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress else { return }
    precondition(bytes.count <= capacity &- count, "more was written than there is room for")
    (start + count).copyMemory(from: source, byteCount: bytes.count)
    count &+= bytes.count
  }

  /// A copy of known length needs no call.
  @inline(__always)
  mutating func write(_ text: StaticString) {
    let length = text.utf8CodeUnitCount
    precondition(length <= capacity &- count, "more was written than there is room for")
    (start + count).copyMemory(from: text.utf8Start, byteCount: length)
    count &+= length
  }
}

/// Blocks of the size that most rewritten heads need. Many requests begin and end in one round of a
/// loop, more than the allocator keeps at hand.
struct BlockCache: ~Copyable {
  static let blockSize = MemoryBudget.smallest
  private static let most = 256

  private var blocks: [UnsafeMutableRawPointer] = []

  init() {}

  deinit { for block in blocks { block.deallocate() } }

  mutating func take() -> UnsafeMutableRawPointer {
    blocks.popLast() ?? .allocate(byteCount: Self.blockSize, alignment: 1)
  }

  mutating func give(_ block: UnsafeMutableRawPointer) {
    if blocks.count < Self.most { blocks.append(block) } else { block.deallocate() }
  }
}

/// Bytes received and not consumed yet: those just received stay where the socket put them, and
/// only what is left over at the end of a look is copied.
struct Inbox: ~Copyable {
  private var saved: ByteQueue
  /// Part of the worker's scratch memory; empty between two looks.
  private var window = UnsafeRawBufferPointer(start: nil, count: 0)

  init(_ budget: MemoryBudget? = nil) { saved = ByteQueue(budget) }

  var count: Int { saved.count &+ window.count }
  var isEmpty: Bool { count == 0 }

  /// Valid until the next change.
  var bytes: UnsafeRawBufferPointer { saved.isEmpty ? window : saved.bytes }

  /// Lets `receive` write over the scratch memory, in which what is left may still stand, and adds
  /// what it wrote. The memory must stay as it is until the next call or `settle`.
  mutating func fill(
    _ scratch: UnsafeMutableRawBufferPointer, _ receive: (UnsafeMutableRawBufferPointer) -> Int
  ) {
    settle()
    let count = receive(scratch)
    if count > 0 { add(UnsafeRawBufferPointer(rebasing: scratch[..<count])) }
  }

  /// `bytes` must stay as they are until `settle`, and be none of the scratch memory before it.
  mutating func add(_ bytes: UnsafeRawBufferPointer) {
    settle()
    if saved.isEmpty {
      window = bytes
    } else {
      saved.append(bytes)
    }
  }

  mutating func consume(_ count: Int) {
    if saved.isEmpty {
      window = UnsafeRawBufferPointer(rebasing: window[count...])
    } else {
      saved.consume(count)
    }
  }

  /// Copies what is left of the scratch memory.
  mutating func settle() {
    if window.isEmpty { return }
    saved.append(window)
    window = UnsafeRawBufferPointer(start: nil, count: 0)
  }
}
