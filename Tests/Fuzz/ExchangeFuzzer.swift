// SPDX-License-Identifier: Apache-2.0

// Built by .ci/fuzz into one program with the sources of HTTPExchange and the driver of its tests,
// so that the fuzzer sees every branch of both.

/// One conversation: bytes of both sides and what happens between them.
///
/// An input is read as text with marks: 0xFF and a letter. `U` begins bytes of the upstream, `C`
/// bytes of the client, which come first; the other letters are events. So a plain request is an
/// input too, and those of the tests make a good corpus.
struct Conversation {
  private(set) var driver: ExchangeDriver
  private var isConnected = false
  private let pieces: Int

  /// `pieces`: the most bytes that arrive at once.
  init(pieces: Int, isTrusted: Bool) {
    driver = ExchangeDriver(
      limits: MessageLimits(
        requestLine: 256, field: 512, head: 2048, fieldCount: 16, body: 4096, chunkOverhead: 128,
        interimResponses: 2, replay: 512, readAhead: 8192, linger: 4096),
      timeouts: ExchangeTimeouts(total: 600_000), hasFallback: true)
    driver.peerIsTrusted = isTrusted
    self.pieces = pieces
  }

  mutating func run(_ input: UnsafeBufferPointer<UInt8>) {
    var isUpstream = false
    var index = 0
    while index < input.count {
      var end = index
      while end < input.count, input[end] != 0xff { end += 1 }
      feed(Array(input[index..<end]), toUpstreamSide: isUpstream)
      guard end + 1 < input.count else { return }
      switch input[end + 1] {
      case UInt8(ascii: "U"): isUpstream = true
      case UInt8(ascii: "C"): isUpstream = false
      case let event: happen(event)
      }
      index = end + 2
    }
  }

  private mutating func feed(_ bytes: [UInt8], toUpstreamSide isUpstream: Bool) {
    var start = 0
    while start < bytes.count {
      let end = min(bytes.count, start + pieces)
      connect()
      if isUpstream {
        if driver.exchange.isActive { driver.upstream(Array(bytes[start..<end])) }
      } else {
        driver.client(Array(bytes[start..<end]))
      }
      start = end
    }
    connect()
  }

  /// A connection is there as soon as it is asked for.
  private mutating func connect() {
    if driver.exchange.isActive, !isConnected { driver.connect() }
    isConnected = driver.exchange.isActive
  }

  private mutating func happen(_ event: UInt8) {
    let workspace = driver.workspace
    switch event {
    case UInt8(ascii: "E"): driver.endClient()
    case UInt8(ascii: "F"):
      if driver.exchange.isActive { driver.failUpstream() }
      isConnected = false
      connect()
    case UInt8(ascii: "D"): driver.exchange.drain(workspace)
    case UInt8(ascii: "w"): driver.exchange.clientWritability(false, workspace)
    case UInt8(ascii: "W"):
      driver.exchange.clientWritability(true, workspace)
      driver.pumpUpstream()
    case UInt8(ascii: "s"): driver.exchange.upstreamWritability(false, workspace)
    case UInt8(ascii: "S"):
      driver.exchange.upstreamWritability(true, workspace)
      driver.pumpClient()
    case UInt8(ascii: "T"):
      workspace.now += 10_000
      _ = driver.exchange.expire(workspace)
    default: break
    }
  }
}

/// What must hold whatever came in.
enum Invariant {
  /// Every head that went upstream reads back as the one request it stands for.
  static func headsReadBack(_ driver: ExchangeDriver) {
    for head in driver.heads {
      let bytes = Array(head.utf8)
      let storage = HeadStorage(capacity: 64)
      var progress = HeadProgress()
      var request = RequestHead()
      let outcome = bytes.withUnsafeBytes {
        RequestHeadParser(limits: MessageLimits(requestLine: 512, fieldCount: 64))
          .parse($0, &progress, into: storage, head: &request)
      }
      precondition(outcome == .complete(length: bytes.count), "a head that does not read back")
    }
  }

  /// Where bytes are cut changes neither what is refused nor what goes on.
  static func cutsDoNotMatter(_ whole: ExchangeDriver, _ cut: ExchangeDriver) {
    precondition(whole.refusal == cut.refusal, "the cut decides what is refused")
    let (left, right) = (whole.forwarded, cut.forwarded)
    let (heads, others) = (whole.heads, cut.heads)
    let agree =
      whole.refusal == nil
      ? left == right && heads == others
      : (left.starts(with: right) || right.starts(with: left))
        && (heads.starts(with: others) || others.starts(with: heads))
    precondition(agree, "the cut decides what goes upstream")
  }
}

/// The name that libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = UnsafeBufferPointer(start: start, count: count)
  let isTrusted = count % 2 == 1
  var whole = Conversation(pieces: .max, isTrusted: isTrusted)
  whole.run(input)
  Invariant.headsReadBack(whole.driver)
  var cut = Conversation(pieces: 1, isTrusted: isTrusted)
  cut.run(input)
  Invariant.headsReadBack(cut.driver)
  // Events and answers come at another byte when the bytes come one by one.
  if !input.contains(0xff) { Invariant.cutsDoNotMatter(whole.driver, cut.driver) }
  return 0
}
