// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import ProxyDataPlane

#if os(Linux)
  @Suite("Queued bytes")
  struct ByteQueueTests {
    @Test("Random appends and consumes keep the order, and an empty queue holds no memory")
    func order() {
      let seed: UInt64 = 0x5eed_0002
      var random = SeededRandom(seed: seed)
      var queue = ByteQueue()
      var model: [UInt8] = []
      for step in 0..<20_000 {
        if Bool.random(using: &random) {
          let count = Int.random(in: 0...700, using: &random)
          let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
          bytes.withUnsafeBytes { queue.append($0) }
          model += bytes
        } else {
          let count = Int.random(in: 0...min(900, model.count), using: &random)
          queue.consume(count)
          model.removeFirst(count)
        }
        let isSame = queue.bytes.elementsEqual(model)
        #expect(isSame, "step \(step) of seed \(seed)")
        if !isSame { return }
      }
      queue.consume(queue.count)
      let memory = queue.bytes.baseAddress
      #expect(memory == nil)
    }

    @Test("Memory beyond the smallest is counted as long as it is held")
    func counted() {
      let budget = MemoryBudget(limit: 4096)
      do {
        var queue = ByteQueue(budget)
        [UInt8](repeating: 1, count: 1000).withUnsafeBytes { queue.append($0) }
        #expect(budget.current == 0)
        [UInt8](repeating: 1, count: 2000).withUnsafeBytes { queue.append($0) }
        #expect(budget.current >= 3000 && !budget.isExhausted)
        queue.consume(3000)
        #expect(budget.current == 0)
        [UInt8](repeating: 1, count: 5000).withUnsafeBytes { queue.append($0) }
        #expect(budget.current == 5000 && budget.isExhausted)
      }
      #expect(budget.current == 0 && budget.peak == 5000)
    }

    @Test("Blocks that are borrowed are not counted, and what they grow into is")
    func borrowed() {
      let budget = MemoryBudget(limit: 4096)
      var cache = BlockCache()
      var queue = ByteQueue(budget)
      queue.borrow(from: &cache)
      [UInt8](repeating: 1, count: 1024).withUnsafeBytes { queue.append($0) }
      #expect(budget.current == 0)
      queue.giveBack(to: &cache)
      queue.borrow(from: &cache)
      [UInt8](repeating: 1, count: 2000).withUnsafeBytes { queue.append($0) }
      #expect(budget.current >= 2000)
      queue.giveBack(to: &cache)
      #expect(budget.current == 0)
    }

    @Test("An emptied queue leaves its block to the cache, one that is not keeps it")
    func leaving() {
      var cache = BlockCache()
      var queue = ByteQueue()
      queue.borrow(from: &cache)
      queue.append("abc")
      let block = queue.bytes.baseAddress
      queue.consume(2, leavingTo: &cache)
      #expect(queue.bytes.elementsEqual("c".utf8))
      queue.consume(1, leavingTo: &cache)
      let memory = queue.bytes.baseAddress
      #expect(memory == nil)
      var next = ByteQueue()
      next.borrow(from: &cache)
      next.append("d")
      let used = next.bytes.baseAddress
      #expect(used == block)
    }

    @Test("Pieces are written one behind the other, after what is there")
    func pieces() {
      var queue = ByteQueue()
      queue.append("first ")
      let (name, value) = (Array("name".utf8), Array("value".utf8))
      name.withUnsafeBytes { name in
        value.withUnsafeBytes { value in
          queue.append(line: name, value)
          queue.append(line: value, UnsafeRawBufferPointer(start: nil, count: 0))
          queue.gather(capacity: 100) { writer in
            writer.write(value)
            writer.write("!")
          }
        }
      }
      #expect(queue.bytes.elementsEqual("first name: value\r\nvalue: \r\nvalue!".utf8))
    }

    @Test("Memory that grew beyond what is kept is given back, other memory is used again")
    func reuse() {
      var queue = ByteQueue()
      [UInt8](repeating: 1, count: 100).withUnsafeBytes { queue.append($0) }
      let first = queue.bytes.baseAddress
      queue.reuse(keeping: 4096)
      [UInt8](repeating: 2, count: 50).withUnsafeBytes { queue.append($0) }
      let second = queue.bytes
      #expect(second.baseAddress == first)
      #expect(second.elementsEqual([UInt8](repeating: 2, count: 50)))
      [UInt8](repeating: 3, count: 10_000).withUnsafeBytes { queue.append($0) }
      queue.reuse(keeping: 4096)
      let third = queue.bytes.baseAddress
      #expect(third == nil)
    }

    @Test("An inbox shows what was received in place and keeps only what is left")
    func inbox() {
      let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 8, alignment: 8)
      defer { scratch.deallocate() }
      scratch.copyBytes(from: Array("abcdefgh".utf8))
      var inbox = Inbox()
      inbox.add(UnsafeRawBufferPointer(scratch))
      let inPlace = inbox.bytes.baseAddress
      #expect(inPlace == UnsafeRawPointer(scratch.baseAddress))
      inbox.consume(6)
      inbox.settle()
      scratch.copyBytes(from: Array("12345678".utf8))
      let left = String(decoding: inbox.bytes, as: UTF8.self)
      #expect(left == "gh")
      inbox.add(UnsafeRawBufferPointer(scratch))
      let both = String(decoding: inbox.bytes, as: UTF8.self)
      #expect(both == "gh12345678")
      inbox.consume(10)
      let none = inbox.count
      #expect(none == 0)
    }

    @Test("What is left of one reception survives the next one into the same memory")
    func refill() {
      let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 8, alignment: 8)
      defer { scratch.deallocate() }
      var inbox = Inbox()
      inbox.fill(scratch) { target in
        target.copyBytes(from: Array("GET /OPT".utf8))
        return 8
      }
      inbox.consume(5)
      inbox.fill(scratch) { target in
        target.copyBytes(from: Array("IONS".utf8))
        return 4
      }
      let both = String(decoding: inbox.bytes, as: UTF8.self)
      #expect(both == "OPTIONS")
      inbox.fill(scratch) { _ in 0 }
      let still = inbox.count
      #expect(still == 7)
    }
  }
#endif
