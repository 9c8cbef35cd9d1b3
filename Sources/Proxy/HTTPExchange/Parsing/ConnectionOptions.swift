// SPDX-License-Identifier: Apache-2.0

/// What the Connection fields of one head ask for.
struct ConnectionOptions {
  private(set) var closes = false
  private(set) var keepsAlive = false
  private(set) var upgrades = false
  /// Fields that are named, up to one more than may be.
  private(set) var namedFields = 0
  private(set) var namesProtectedField = false

  /// Each name is looked for among all fields.
  private static let mostNamedFields = 32

  var namesFields: Bool { namedFields > 0 }
  var namesTooMany: Bool { namedFields > Self.mostNamedFields }

  mutating func add(_ value: UnsafeRawBufferPointer) {
    if value.equalsIgnoringCase("keep-alive") {
      keepsAlive = true
    } else if value.equalsIgnoringCase("close") {
      closes = true
    } else {
      ByteScanning.forEachListElement(value) { addOption($0) }
    }
  }

  private mutating func addOption(_ option: UnsafeRawBufferPointer) {
    if option.equalsIgnoringCase("close") {
      closes = true
    } else if option.equalsIgnoringCase("keep-alive") {
      keepsAlive = true
    } else if option.equalsIgnoringCase("upgrade") {
      upgrades = true
    } else {
      if namesTooMany { return }
      namedFields += 1
      if KnownField.isProtected(option) { namesProtectedField = true }
    }
  }

  /// Marks the fields that Connection names, so that they are not written again. Rarely needed.
  static func markNamedFields(_ bytes: UnsafeRawBufferPointer, _ storage: HeadStorage) {
    for index in 0..<storage.count where storage.roles[index] == .connection {
      ByteScanning.forEachListElement(bytes[storage.fields[index].value]) { option in
        for other in 0..<storage.count where storage.roles[other] == .other {
          let name = bytes[storage.fields[other].name]
          if name.count == option.count, equal(name, option) {
            storage.roles[other] = .namedByConnection
          }
        }
      }
    }
  }

  private static func equal(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool
  {
    zip(left, right).allSatisfy { lowercase($0) == lowercase($1) }
  }

  private static func lowercase(_ byte: UInt8) -> UInt8 {
    byte &- 65 < 26 ? byte | 0x20 : byte
  }
}
