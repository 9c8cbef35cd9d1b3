// SPDX-License-Identifier: Apache-2.0

/// What a body reader made of the bytes it was shown.
package struct BodyStep: Equatable {
  /// Bytes to pass on, as a range of what was shown.
  package var forward = ByteRange(start: 0, length: 0)
  /// Bytes used up, those passed on included. Never 0 unless `isFinished`, an error or no input.
  package var consumed = 0
  /// The body ended with the bytes used up.
  package var isFinished = false
  /// The data ended, and a trailer section follows that is read apart.
  package var meetsTrailers = false
  /// The trailer section that was used up, as a range of what was shown. Its fields are in the
  /// workspace, those that must not pass marked; empty when there is none.
  package var trailers = ByteRange(start: 0, length: 0)
  /// Set when the body breaks a rule; nothing of this step may be passed on.
  package var rejection: Rejection?
  package init() {}

  /// So many bytes pass as they are.
  init(passing count: Int) {
    forward = ByteRange(start: 0, length: count)
    consumed = count
  }
}

/// Walks the chunked coding byte by byte, checks it and says which bytes go on.
///
/// With `keepFraming` the size lines and line ends go on exactly as checked, so a chunked body
/// passes without being copied or cut anew; extensions are left out. Without it only the data goes
/// on. It stops in front of trailers, whose lines are judged one by one (`TrailerReader`).
struct ChunkedFilter: Equatable {
  private enum Phase: UInt8 {
    case size, sizeLineFeed, data, dataReturn, dataLineFeed
    case trailerStart, lastLineFeed, trailers, finished
    case extensionStart, extensionName, extensionNameEnd
    case valueStart, value, quoted, escaped, valueEnd
  }

  private var phase = Phase.size
  private var digits: UInt8 = 0
  private var remaining = 0
  private var overhead = 0

  /// Data bytes seen so far.
  private(set) var dataCount = 0

  mutating func read(
    _ bytes: UnsafeRawBufferPointer, keepFraming: Bool, limits: MessageLimits
  ) -> BodyStep {
    var step = BodyStep()
    var start = -1
    var cursor = 0
    while cursor < bytes.count {
      if phase == .trailerStart, bytes[cursor] != 13 { phase = .trailers }
      if phase == .trailers {
        step.meetsTrailers = true
        break
      }
      let passes = phase == .data || (keepFraming && passesFraming(bytes[cursor]))
      if passes {
        if start < 0 { start = cursor }
      } else if start >= 0 {
        break
      }
      if phase == .data {
        let taken = min(remaining, bytes.count &- cursor)
        remaining &-= taken
        cursor &+= taken
        if remaining == 0 { phase = .dataReturn }
        continue
      }
      if let rejection = advance(bytes[cursor], limits) {
        step.rejection = rejection
        return step
      }
      cursor &+= 1
      if phase == .finished {
        step.isFinished = true
        break
      }
    }
    step.consumed = cursor
    if start >= 0 { step.forward = ByteRange(start: start, length: cursor &- start) }
    return step
  }

  /// Whether a byte that is not data stays in place when framing is kept.
  private func passesFraming(_ byte: UInt8) -> Bool {
    switch phase {
    case .size: byte != 59
    case .trailers, .finished: false
    case .sizeLineFeed, .data, .dataReturn, .dataLineFeed, .trailerStart, .lastLineFeed: true
    default: byte == 13
    }
  }

  private mutating func advance(_ byte: UInt8, _ limits: MessageLimits) -> Rejection? {
    switch phase {
    case .size: return size(byte)
    case .sizeLineFeed:
      if byte != 10 { return .malformedChunk }
      digits = 0
      dataCount &+= remaining
      if limits.body > 0, dataCount > limits.body { return .bodyTooLarge }
      phase = remaining == 0 ? .trailerStart : .data
    case .data: return nil
    case .dataReturn:
      if byte != 13 { return .malformedChunk }
      phase = .dataLineFeed
    case .dataLineFeed:
      if byte != 10 { return .malformedChunk }
      phase = .size
    case .trailerStart: phase = .lastLineFeed
    case .lastLineFeed:
      if byte != 10 { return .malformedChunk }
      phase = .finished
    case .trailers, .finished: return nil
    default: return byte == 13 ? endExtensions() : chunkExtension(byte, limits)
    }
    return nil
  }

  private mutating func size(_ byte: UInt8) -> Rejection? {
    let value: UInt8
    switch byte {
    case 48...57: value = byte &- 48
    case 97...102: value = byte &- 87
    case 65...70: value = byte &- 55
    case 13, 59:
      if digits == 0 { return .malformedChunk }
      phase = byte == 13 ? .sizeLineFeed : .extensionStart
      return nil
    default: return .malformedChunk
    }
    // 15 digits are 60 bits: always an Int, and more than anybody sends.
    if digits >= 15 { return .malformedChunk }
    if digits == 0 { remaining = 0 }
    remaining = remaining &<< 4 | Int(value)
    digits &+= 1
    return nil
  }

  private mutating func endExtensions() -> Rejection? {
    switch phase {
    case .extensionName, .extensionNameEnd, .value, .valueEnd: phase = .sizeLineFeed
    default: return .malformedChunk
    }
    return nil
  }

  /// One byte of `;name`, `;name=token` or `;name="text"` (RFC 9112, section 7.1.1). What is
  /// dropped is checked all the same: whoever reads it otherwise sees another end of the line.
  private mutating func chunkExtension(_ byte: UInt8, _ limits: MessageLimits) -> Rejection? {
    if let rejection = dropped(byte, limits) { return rejection }
    let isToken = ByteScanning.classes[Int(byte)] & ByteClass.token.rawValue != 0
    let isBlank = byte == 32 || byte == 9
    switch (phase, byte) {
    case (.quoted, 34): phase = .valueEnd
    case (.quoted, 92): phase = .escaped
    case (.quoted, _): break
    case (.escaped, _): phase = .quoted
    case (.extensionStart, _) where isToken: phase = .extensionName
    case (.valueStart, _) where isToken: phase = .value
    case (.extensionName, _) where isToken, (.value, _) where isToken: break
    case (.extensionStart, _) where isBlank, (.valueStart, _) where isBlank: break
    case (.extensionName, _) where isBlank, (.extensionNameEnd, _) where isBlank:
      phase = .extensionNameEnd
    case (.value, _) where isBlank, (.valueEnd, _) where isBlank: phase = .valueEnd
    case (.extensionName, 61), (.extensionNameEnd, 61): phase = .valueStart
    case (.valueStart, 34): phase = .quoted
    case (.extensionName, 59), (.extensionNameEnd, 59), (.value, 59), (.valueEnd, 59):
      phase = .extensionStart
    default: return .malformedChunk
    }
    return nil
  }

  private mutating func dropped(_ byte: UInt8, _ limits: MessageLimits) -> Rejection? {
    overhead &+= 1
    if overhead > limits.chunkOverhead { return .chunkOverheadTooLarge }
    return (byte < 0x20 && byte != 9) || byte == 0x7f ? .malformedChunk : nil
  }
}
