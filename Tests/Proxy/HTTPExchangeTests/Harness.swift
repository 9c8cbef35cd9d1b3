// SPDX-License-Identifier: Apache-2.0

import HTTPExchange

/// SplitMix64: small, seeded, the same on every machine.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// Drives one exchange with text, as a transport would with sockets, and writes down what it does.
struct ExchangeDriver {
  enum Entry: Equatable {
    case toUpstream(String)
    case toClient(String)
    case refused(Problem)
    case kept(upstream: Bool)
    case finishedUpstream
    case finishedClient
    case closed
  }

  let workspace: ExchangeWorkspace
  var exchange: Exchange
  private(set) var log: [Entry] = []
  /// Bytes of bodies and trailers that went upstream: text would repair each piece of what is no
  /// UTF-8 by itself.
  private(set) var forwarded: [UInt8] = []
  /// The rewritten heads.
  private(set) var heads: [String] = []
  private var clientBytes: [UInt8] = []
  private var upstreamBytes: [UInt8] = []
  private let hasFallback: Bool
  /// Textual address of the client, and whether it is believed.
  var peer = "192.0.2.1"
  var peerIsTrusted = false
  var peerIsSecure = false

  init(
    limits: MessageLimits = MessageLimits(), timeouts: ExchangeTimeouts = ExchangeTimeouts(),
    hasFallback: Bool = false
  ) {
    workspace = ExchangeWorkspace(limits: limits, timeouts: timeouts)
    exchange = Exchange(workspace)
    self.hasFallback = hasFallback
  }

  /// Everything of one kind, joined: how a message was cut must not matter.
  var upstreamText: String {
    log.reduce(into: "") { if case .toUpstream(let text) = $1 { $0 += text } }
  }

  var clientText: String {
    log.reduce(into: "") { if case .toClient(let text) = $1 { $0 += text } }
  }

  var refusal: Problem? {
    for case .refused(let problem) in log { return problem }
    return nil
  }

  mutating func client(_ text: String) { client(Array(text.utf8)) }

  mutating func client(_ bytes: [UInt8]) {
    clientBytes += bytes
    pumpClient()
  }

  mutating func upstream(_ text: String) { upstream(Array(text.utf8)) }

  mutating func upstream(_ bytes: [UInt8]) {
    upstreamBytes += bytes
    pumpUpstream()
  }

  /// The connection asked for is there.
  mutating func connect() {
    exchange.upstreamReady(workspace)
    pumpClient()
  }

  mutating func fail(_ failure: UpstreamFailure) -> Recovery {
    let recovery = exchange.upstreamFailed(failure, workspace)
    upstreamBytes = []
    return recovery
  }

  /// The client sends nothing more.
  mutating func endClient() {
    if exchange.clientInputEnded() { log.append(.closed) }
    pumpClient()
  }

  /// The upstream closed, and everything follows from it.
  mutating func failUpstream() {
    switch fail(exchange.meaningOfUpstreamClose) {
    case .none, .retry, .reconnect, .fallBack: break
    case .answer(let problem):
      log.append(.refused(problem))
      if exchange.answer(problem, workspace).sequel == .linger { log.append(.closed) }
    case .completed:
      let completion = exchange.completeResponse(leftover: 0, workspace)
      log.append(.kept(upstream: completion.keepsUpstream))
      if completion.client == .linger { log.append(.closed) }
      pumpClient()
    case .finishClient: log.append(.finishedClient)
    case .abort: log.append(.closed)
    }
  }

  mutating func pumpClient() {
    while true {
      let step = clientBytes.withUnsafeBytes { exchange.nextFromClient($0, workspace) }
      switch step {
      case .needBytes, .blocked: return
      case .head: admit()
      case .body(let body):
        if body.forward.length > 0 {
          log.append(.toUpstream(text(clientBytes, body.forward)))
          forwarded += clientBytes[Int(body.forward.start)..<body.forward.end]
        }
        if body.trailers.length > 0 {
          log.append(.toUpstream(trailers(clientBytes, body)))
          forwarded += trailers(clientBytes, body).utf8
        }
        clientBytes.removeFirst(body.consumed)
      case .finishUpstream: log.append(.finishedUpstream)
      case .discard: clientBytes = []
      case .reject(let problem):
        log.append(.refused(problem))
        if exchange.answer(problem, workspace).sequel == .linger { log.append(.closed) }
      case .close:
        log.append(.closed)
        return
      }
    }
  }

  private mutating func admit() {
    let head = workspace.request
    if head.facts.isForProxy {
      clientBytes.removeFirst(head.length)
      log.append(.refused(.options))
      if exchange.answer(.options, workspace).sequel == .linger { log.append(.closed) }
      return
    }
    let address = Array(peer.utf8)
    let upgrade = clientBytes.withUnsafeBytes { bytes in
      head.upgrade(bytes) { $0.equalsIgnoringCase("websocket") }
    }
    var output: [UInt8] = []
    let outcome = clientBytes.withUnsafeBytes { bytes in
      address.withUnsafeBytes { peer in
        let source = RequestSource(peer: peer, isTrusted: peerIsTrusted, isSecure: peerIsSecure)
        output = [UInt8](
          repeating: 0, count: RequestRewriter.capacity(head, workspace.storage, source))
        return output.withUnsafeMutableBytes { target in
          RequestRewriter.write(
            head, bytes, workspace.storage, source, upgrade: upgrade, into: target)
        }
      }
    }
    clientBytes.removeFirst(head.length)
    switch outcome {
    case .failure(let rejection):
      log.append(.refused(.rejected(rejection)))
      _ = exchange.answer(.rejected(rejection), workspace)
    case .success(let count):
      let head = String(decoding: output[..<count], as: UTF8.self)
      heads.append(head)
      log.append(.toUpstream(head))
      exchange.admit(
        headLength: count, hasFallback: hasFallback, offersUpgrade: upgrade.length > 0, workspace)
    }
  }

  mutating func pumpUpstream() {
    while true {
      exchange.holdsInput = !clientBytes.isEmpty
      let step = upstreamBytes.withUnsafeBytes { exchange.nextFromUpstream($0, workspace) }
      switch step {
      case .needBytes, .blocked: return
      case .interim(let forward):
        if forward { writeHead() }
        upstreamBytes.removeFirst(workspace.response.length)
      case .head:
        writeHead()
        upstreamBytes.removeFirst(workspace.response.length)
      case .tunnel:
        writeHead()
        upstreamBytes.removeFirst(workspace.response.length)
        pumpClient()
      case .body(let body):
        if body.forward.length > 0 { log.append(.toClient(text(upstreamBytes, body.forward))) }
        if body.trailers.length > 0, exchange.marks.relay == .asReceived {
          log.append(.toClient(trailers(upstreamBytes, body)))
        }
        upstreamBytes.removeFirst(body.consumed)
      case .finished:
        let completion = exchange.completeResponse(leftover: upstreamBytes.count, workspace)
        upstreamBytes = []
        log.append(.kept(upstream: completion.keepsUpstream))
        if completion.client == .linger { log.append(.closed) }
        return pumpClient()
      case .failed(let failure):
        switch fail(failure) {
        case .answer(let problem):
          log.append(.refused(problem))
          _ = exchange.answer(problem, workspace)
        default: log.append(.closed)
        }
        return
      }
    }
  }

  private mutating func writeHead() {
    var output = [UInt8](
      repeating: 0, count: ResponseRewriter.capacity(workspace.response, workspace.storage))
    let count = output.withUnsafeMutableBytes { target in
      upstreamBytes.withUnsafeBytes {
        ResponseRewriter.write(
          workspace.response, $0, workspace.storage, marks: exchange.marks,
          dateLine: workspace.dateLine, into: target)
      }
    }
    log.append(.toClient(String(decoding: output[..<count], as: UTF8.self)))
  }

  private func trailers(_ bytes: [UInt8], _ body: BodyStep) -> String {
    let capacity = TrailerWriter.capacity(length: Int(body.trailers.length), workspace.storage)
    var output = [UInt8](repeating: 0, count: capacity)
    let count = output.withUnsafeMutableBytes { target in
      bytes.withUnsafeBytes { TrailerWriter.write($0, workspace.storage, into: target) }
    }
    return String(decoding: output[..<count], as: UTF8.self)
  }

  private func text(_ bytes: [UInt8], _ range: ByteRange) -> String {
    String(decoding: bytes[Int(range.start)..<range.end], as: UTF8.self)
  }
}
