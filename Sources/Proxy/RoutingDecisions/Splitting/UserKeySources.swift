// SPDX-License-Identifier: Apache-2.0

import HTTPExchange

/// The places where the routes' user keys are looked for, compiled.
struct UserKeySources: Sendable {
  private enum Source {
    case header(BytePool.Text)
    case cookie(BytePool.Text)
    case clientAddress
  }

  /// A user's key and the index of the place that held it.
  struct Found {
    var key: UnsafeRawBufferPointer
    var place: Int
  }

  private var sources: ContiguousArray<Source> = []
  private var texts = BytePool()

  /// Adds a route's places and returns their range.
  mutating func add(_ keys: [StickyKey]) -> Range<Int> {
    let start = sources.count
    for key in keys {
      switch key {
      case .header(let name): sources.append(.header(texts.add(name.lowercased().utf8)))
      case .cookie(let name): sources.append(.cookie(texts.add(name.utf8)))
      case .clientAddress: sources.append(.clientAddress)
      }
    }
    return start..<sources.count
  }

  /// The first key there is, in the order of the places.
  func firstKey(in range: Range<Int>, of view: RequestView) -> Found? {
    for index in range {
      let key =
        switch sources[index] {
        case .header(let name): header(name, of: view)
        case .cookie(let name): cookie(name, of: view)
        case .clientAddress: view.clientAddress
        }
      if !key.isEmpty { return Found(key: key, place: index - range.lowerBound) }
    }
    return nil
  }

  private func header(_ name: BytePool.Text, of view: RequestView) -> UnsafeRawBufferPointer {
    for field in view.fields
    where field.value.length > 0 && texts.equalsLowercased(name, view[field.name]) {
      return view[field.value]
    }
    return UnsafeRawBufferPointer(start: nil, count: 0)
  }

  private func cookie(_ name: BytePool.Text, of view: RequestView) -> UnsafeRawBufferPointer {
    for field in view.fields where CookiePairs.isCookieField(view[field.name]) {
      var pairs = CookiePairs(view[field.value])
      while let pair = pairs.next() {
        if !pair.value.isEmpty, texts.equals(name, pair.name) { return pair.value }
      }
    }
    return UnsafeRawBufferPointer(start: nil, count: 0)
  }
}

/// Walks `name=value; name="value"` of a Cookie field (RFC 6265, section 4.2.1) without copying.
struct CookiePairs {
  private let bytes: UnsafeRawBufferPointer
  private var position = 0

  init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
  }

  static func isCookieField(_ name: UnsafeRawBufferPointer) -> Bool {
    name.count == 6 && name.elementsEqual("cookie".utf8) { $0.asciiLowercased == $1 }
  }

  mutating func next() -> (name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer)? {
    while position < bytes.count {
      var end = position
      while end < bytes.count, bytes[end] != UInt8(ascii: ";") { end += 1 }
      let pair = Self.trimmed(bytes, position..<end)
      position = end + 1
      guard let equals = bytes[pair].firstIndex(of: UInt8(ascii: "=")) else { continue }
      var value = Self.trimmed(bytes, equals + 1..<pair.upperBound)
      if value.count >= 2, bytes[value.lowerBound] == UInt8(ascii: "\""),
        bytes[value.upperBound - 1] == UInt8(ascii: "\"")
      {
        value = value.lowerBound + 1..<value.upperBound - 1
      }
      let name = Self.trimmed(bytes, pair.lowerBound..<equals)
      return (
        UnsafeRawBufferPointer(rebasing: bytes[name]),
        UnsafeRawBufferPointer(rebasing: bytes[value])
      )
    }
    return nil
  }

  private static func trimmed(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Range<Int> {
    var low = range.lowerBound
    var high = range.upperBound
    while low < high, isBlank(bytes[low]) { low += 1 }
    while high > low, isBlank(bytes[high - 1]) { high -= 1 }
    return low..<high
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
  }
}
