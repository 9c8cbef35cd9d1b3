// SPDX-License-Identifier: Apache-2.0

/// Counts the frames of one peer before anything is done about them.
///
/// It reads frame headers only, from bytes cut anywhere, so every limit holds whatever the library
/// behind does with a frame.
struct FrameMeter {
  private enum FrameType {
    static let data: UInt8 = 0
    static let headers: UInt8 = 1
    static let reset: UInt8 = 3
    static let settings: UInt8 = 4
    static let ping: UInt8 = 6
    static let goAway: UInt8 = 7
    static let windowUpdate: UInt8 = 8
    static let continuation: UInt8 = 9
  }

  private static let headerLength = 9
  private static let prefaceLength = 24
  /// WINDOW_UPDATE frames that one DATA frame sent may cause: its stream, its connection, and some
  /// for a peer that gives its window back in small pieces.
  private static let updatesPerData = 8

  private let limits: HTTP2Limits
  private let isServer: Bool
  /// Bytes of payload, or of the preface, until the next frame header.
  private var remaining: Int
  /// The part of a frame header seen so far, as far as it fits: length, type, flags.
  private var header: UInt64 = 0
  private var headerCount = 0
  private var blockBytes = 0
  private var blockFrames = 0

  private var resets: TokenBucket
  private var settings: TokenBucket
  private var pings: TokenBucket
  private var emptyData: TokenBucket
  private var windowUpdates: TokenBucket
  private var idleFrames: TokenBucket

  init(_ limits: HTTP2Limits, isServer: Bool, now: UInt64) {
    self.limits = limits
    self.isServer = isServer
    remaining = isServer ? Self.prefaceLength : 0
    resets = TokenBucket(limits.resets, now: now)
    settings = TokenBucket(limits.settings, now: now)
    pings = TokenBucket(limits.pings, now: now)
    emptyData = TokenBucket(limits.emptyData, now: now)
    windowUpdates = TokenBucket(limits.windowUpdates, now: now)
    idleFrames = TokenBucket(limits.idleFrames, now: now)
  }

  /// Looks at bytes that follow those seen before; the first limit that they break, if one is.
  mutating func read(_ bytes: UnsafeRawBufferPointer, now: UInt64) -> HTTP2Violation? {
    var cursor = 0
    while cursor < bytes.count {
      if remaining > 0 {
        let skipped = min(remaining, bytes.count &- cursor)
        remaining &-= skipped
        cursor &+= skipped
        continue
      }
      let byte = bytes[cursor]
      cursor &+= 1
      if headerCount < 5 { header = header << 8 | UInt64(byte) }
      headerCount &+= 1
      if headerCount < Self.headerLength { continue }
      headerCount = 0
      let length = Int(header >> 16) & 0xff_ffff
      remaining = length
      let type = UInt8(truncatingIfNeeded: header >> 8)
      let flags = UInt8(truncatingIfNeeded: header)
      if let violation = count(type, flags: flags, length: length, now: now) { return violation }
    }
    return nil
  }

  /// DATA was sent, and WINDOW_UPDATE will answer it; so may a PING, by which peers measure how
  /// much is on its way.
  mutating func sentData() {
    windowUpdates.add(Self.updatesPerData)
    pings.add(1)
  }

  private mutating func count(
    _ type: UInt8, flags: UInt8, length: Int, now: UInt64
  ) -> HTTP2Violation? {
    let isAcknowledgement = flags & 0x1 != 0
    switch type {
    case FrameType.data:
      // The flag of bit 0 ends the stream here.
      if length > 0 || flags & 0x1 != 0 { return nil }
      return emptyData.take(now: now) ? nil : .emptyDataFlood
    case FrameType.headers:
      blockBytes = length
      blockFrames = 0
      return blockBytes > limits.headerBlock ? .headerFlood : nil
    case FrameType.continuation:
      blockBytes &+= length
      blockFrames &+= 1
      if blockFrames > limits.continuations { return .continuationFlood }
      return blockBytes > limits.headerBlock ? .headerFlood : nil
    // A server that resets what it was asked for has answered, or will not: that is no attack.
    case FrameType.reset: return !isServer || resets.take(now: now) ? nil : .rapidReset
    case FrameType.settings:
      return isAcknowledgement || settings.take(now: now) ? nil : .settingsFlood
    case FrameType.ping: return isAcknowledgement || pings.take(now: now) ? nil : .pingFlood
    case FrameType.windowUpdate: return windowUpdates.take(now: now) ? nil : .windowUpdateFlood
    case FrameType.goAway: return nil
    default: return idleFrames.take(now: now) ? nil : .idleFrameFlood
    }
  }
}
