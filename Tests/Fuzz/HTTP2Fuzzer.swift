// SPDX-License-Identifier: Apache-2.0

// Built by .ci/fuzz into one program with the sources of HTTP2Engine, so that the fuzzer sees every
// branch of both.

/// How an input is played: its first byte, of which each bit stands for a choice.
private struct Play: OptionSet {
  let rawValue: UInt8

  /// The input is what an upstream sends; otherwise what a client sends.
  static let isClient = Play(rawValue: 1)
  /// The connection begins as it should, so that what follows is looked at.
  static let greets = Play(rawValue: 2)
  /// Output is taken after each piece, and not at the end alone.
  static let takesOutput = Play(rawValue: 4)
  /// Ten seconds pass after each piece.
  static let timePasses = Play(rawValue: 8)
  /// Streams are answered or have bodies to send at once.
  static let answers = Play(rawValue: 16)
  /// Bodies are reported as consumed.
  static let consumes = Play(rawValue: 32)
  /// Streams with a body are reset.
  static let resets = Play(rawValue: 64)
  /// The connection is drained after the first piece.
  static let drains = Play(rawValue: 128)
}

/// A stream that holds itself and the engine to the rules.
private final class CheckedStream: HTTP2Stream {
  /// Its head is there and was not answered yet.
  var awaitsAnswer = false
  /// Body bytes that the peer was given no room for again.
  var held = 0
  var outgoing = 0
  private(set) var hasEnded = false

  override func received(
    _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ section: HTTP2Section
  ) {
    precondition(!hasEnded, "a field behind the end")
    for bytes in [name, value] {
      let isSound = bytes.allSatisfy { $0 != 13 && $0 != 10 && $0 != 0 }
      precondition(isSound, "a field that breaks its line")
    }
  }

  override func received(_ section: HTTP2Section, isLast: Bool, isTooLarge: Bool) {
    if section == .head { awaitsAnswer = true }
  }

  override func receivedBody(_ bytes: UnsafeRawBufferPointer) {
    precondition(!hasEnded, "body behind the end")
    held += bytes.count
  }

  override func fill(_ target: UnsafeMutableRawBufferPointer) -> HTTP2BodyPart {
    let count = min(target.count, outgoing)
    target.prefix(count).initializeMemory(as: UInt8.self, repeating: 0x78)
    outgoing -= count
    return HTTP2BodyPart(count: count, isLast: outgoing == 0)
  }

  override func closed(code: UInt32) {
    precondition(!hasEnded, "a stream that ended twice")
    hasEnded = true
  }
}

/// One engine and the bytes of its peer.
private final class PeerTraffic: HTTP2Engine.Owner {
  static let limits: HTTP2Limits = {
    var limits = HTTP2Limits()
    limits.concurrentStreams = 8
    limits.headerBlock = 2048
    limits.fieldSection = 4096
    limits.continuations = 2
    limits.waitingFrames = 50
    limits.streamWindow = 4096
    limits.connectionWindow = 65_535
    limits.resets = .init(burst: 10, perSecond: 1)
    limits.refusals = .init(burst: 10, perSecond: 1)
    return limits
  }()
  private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
  /// SETTINGS with nothing in it.
  private static let settings: [UInt8] = [0, 0, 0, 4, 0, 0, 0, 0, 0]

  let engine: HTTP2Engine
  private var streams: [CheckedStream] = []
  private let play: Play
  private let pieces: Int

  /// `pieces`: the most bytes that arrive at once.
  init?(_ play: Play, pieces: Int) {
    self.play = play
    self.pieces = pieces
    guard
      let engine = HTTP2Engine(play.contains(.isClient) ? .client : .server, Self.limits, now: 0)
    else { return nil }
    self.engine = engine
    engine.owner = self
    if play.contains(.isClient) { ask() }
  }

  func openStream() -> HTTP2Stream? {
    streams.append(CheckedStream())
    return streams.last
  }

  func receivedGoAway(lastStream: Int32, code: UInt32) {}

  func run(_ input: UnsafeBufferPointer<UInt8>) {
    if play.contains(.greets) {
      receive(play.contains(.isClient) ? Self.settings : Self.preface + Self.settings)
    }
    var start = 0
    while start < input.count {
      let end = min(input.count, start + min(pieces, input.count))
      receive(Array(input[start..<end]))
      if start == 0, play.contains(.drains) { engine.announceEnd() }
      start = end
    }
    takeOutput()
    engine.close()
  }

  private func receive(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { engine.receive($0) }
    precondition(
      engine.role == .client || engine.streamCount <= Self.limits.concurrentStreams,
      "more streams than are allowed")
    act()
    if play.contains(.takesOutput) { takeOutput() }
    if play.contains(.timePasses) { engine.now += 10_000 }
  }

  private func takeOutput() {
    while case let bytes = engine.nextOutput(), !bytes.isEmpty {}
  }

  private func ask() {
    var fields = HTTP2Fields(capacity: 4)
    fields.add(":method", "GET")
    fields.add(":scheme", "https")
    fields.add(":authority", "shop.example")
    fields.add(":path", "/orders?a=1")
    for body in [0, 3000, 0] {
      let stream = CheckedStream()
      stream.outgoing = body
      if engine.submitRequest(stream, fields, hasBody: body > 0) { streams.append(stream) }
    }
  }

  private func act() {
    for stream in streams {
      if stream.held > 0, play.contains(.resets) {
        engine.reset(stream, code: HTTP2Code.cancel)
      }
      if play.contains(.consumes) {
        engine.consumed(stream, stream.held)
        stream.held = 0
      }
      if stream.awaitsAnswer, engine.role == .server, play.contains(.answers) {
        stream.awaitsAnswer = false
        answer(stream)
      }
    }
  }

  private func answer(_ stream: CheckedStream) {
    stream.outgoing = 100
    var fields = HTTP2Fields(capacity: 1)
    fields.add(":status", "200")
    engine.submitResponse(stream, fields, hasBody: true)
    fields.removeAll()
    fields.add("x-end", "1")
    engine.submitTrailers(stream, fields)
  }

  /// What must hold at the end, whatever came in.
  func check() {
    precondition(streams.allSatisfy(\.hasEnded), "a stream that never ended")
    if play.contains(.consumes) { return }
    let held = streams.reduce(0) { $0 + $1.held }
    precondition(held <= Self.limits.connectionWindow, "more body than there was room for")
  }
}

/// The name that libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = UnsafeBufferPointer(start: start, count: count)
  guard let first = input.first else { return 0 }
  let bytes = UnsafeBufferPointer(rebasing: input.dropFirst())
  for pieces in [Int.max, 1] {
    guard let traffic = PeerTraffic(Play(rawValue: first), pieces: pieces) else { return 0 }
    traffic.run(bytes)
    traffic.check()
  }
  return 0
}
