// SPDX-License-Identifier: Apache-2.0

#if RabbitMQ
  internal import CRabbitMQ

  /// Texts that librabbitmq reads from one piece of memory.
  struct TextArena {
    private(set) var bytes: [UInt8] = []

    mutating func add(_ text: String) -> Range<Int> {
      let start = bytes.count
      bytes.append(contentsOf: text.utf8)
      return start..<bytes.count
    }
  }

  extension UnsafeRawBufferPointer {
    /// A part of it, lent to librabbitmq.
    func lent(_ range: Range<Int>) -> rabbit_bytes {
      rabbit_bytes(start: baseAddress.map { $0 + range.lowerBound }, count: range.count)
    }
  }

  /// Names with values, as AMQP's tables hold them.
  struct FieldTable {
    private enum Value {
      case text(Range<Int>)
      case number(Int64)
      case flag(Bool)
    }

    private var arena: TextArena
    private var fields: [(name: Range<Int>, value: Value)] = []

    /// - Parameter arena: texts that are wanted in the same piece of memory.
    init(_ headers: [String: String], with arena: TextArena) {
      self.arena = arena
      fields.reserveCapacity(headers.count)
      for (name, text) in headers {
        fields.append((self.arena.add(name), .text(self.arena.add(text))))
      }
    }

    init(_ arguments: [String: Topology.Argument]) {
      arena = TextArena()
      for (name, argument) in arguments {
        let value: Value =
          switch argument {
          case .text(let text): .text(arena.add(text))
          case .number(let number): .number(number)
          case .flag(let flag): .flag(flag)
          }
        fields.append((arena.add(name), value))
      }
    }

    func withEntries<Value>(
      _ body: (UnsafeMutablePointer<amqp_table_entry_t>?, Int32) -> Value
    ) -> Value {
      withEntries { entries, count, _ in body(entries, count) }
    }

    func withEntries<Value>(
      _ body: (UnsafeMutablePointer<amqp_table_entry_t>?, Int32, UnsafeRawBufferPointer) -> Value
    ) -> Value {
      arena.bytes.withUnsafeBytes { memory in
        var entries = fields.map { field in
          switch field.value {
          case .text(let text): rabbit_text_entry(memory.lent(field.name), memory.lent(text))
          case .number(let number): rabbit_number_entry(memory.lent(field.name), number)
          case .flag(let flag): rabbit_flag_entry(memory.lent(field.name), flag ? 1 : 0)
          }
        }
        return entries.withUnsafeMutableBufferPointer { entries in
          body(entries.baseAddress, Int32(entries.count), memory)
        }
      }
    }
  }
#endif
