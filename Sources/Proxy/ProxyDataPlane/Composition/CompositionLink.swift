// SPDX-License-Identifier: Apache-2.0

import GatewayComposition
import HTTPExchange
import NIOCore
import RoutingDecisions

/// A composed upstream, seen as a server: what the proxy writes becomes a question to each part,
/// and what they answer becomes the bytes of one answer.
///
/// The parts are asked on the loop of the client, over the pools, places and breakers by which
/// routes reach the same upstreams. What they say is kept, each within its limit and all within
/// `proxy.limits.memory`, until the last one is there; the answer goes out from there in pieces, as
/// the client takes it.
final class CompositionLink: LocalLink {
  private let composition: Composition
  private let tally: PartTally?
  private let subrequests: Subrequests
  private let context: WorkerContext
  private var received = ByteBuffer()
  private var request: CompositionRequest?
  private var machine: CompositionMachine
  private var runs: [PartRun?]
  private var clients: [SubrequestClient?]
  private var replies: [PartReply?]
  private var isClosed = false
  private var isAnswered = false
  /// Pieces of the answer that are not in `input` yet, the first one from `offset` on.
  private var segments: ArraySlice<AnswerSegment> = []
  private var offset = 0

  init(_ composition: Composition, _ tally: PartTally?, _ subrequests: Subrequests) {
    self.composition = composition
    self.tally = tally
    self.subrequests = subrequests
    context = subrequests.context
    machine = CompositionMachine(composition.plan, at: context.workspace.now)
    let count = composition.plan.parts.count
    runs = Array(repeating: nil, count: count)
    clients = Array(repeating: nil, count: count)
    replies = Array(repeating: nil, count: count)
  }

  private var now: UInt64 { context.workspace.now }

  // MARK: What the proxy calls

  override func write(_ bytes: ByteBuffer) {
    // A body is of no use to anybody.
    if request == nil, !hasEnded { received.writeImmutableBuffer(bytes) }
  }

  /// The whole head is there at the first flush, since it is written in one go.
  override func flush() {
    if isClosed || hasEnded || request != nil || received.readableBytes == 0 { return }
    request = received.withUnsafeReadableBytes {
      CompositionRequest($0, limits: context.workspace.limits)
    }
    received = ByteBuffer()
    // Parts are asked with buffers that the client at hand uses now.
    context.execute { [self] in begin() }
  }

  override func consumed() {
    if input.readableBytes == 0 { input = ByteBuffer() }
    let before = input.readableBytes
    fill()
    if input.readableBytes > before {
      context.execute { [self] in client?.upstreamIsReadable() }
    }
  }

  override func close() {
    client = nil
    if isClosed { return }
    isClosed = true
    hasEnded = true
    letGo()
    segments = []
  }

  /// Nobody waits for what is still out.
  private func letGo() {
    for client in clients { client?.abandon() }
    clients = Array(repeating: nil, count: clients.count)
  }

  // MARK: Asking

  private func begin() {
    if isClosed { return }
    guard let request else { return end(.unfitRequest) }
    guard request.method == .get || request.method == .head else {
      return answer(status: 405, fields: "allow: GET, HEAD\r\n", [])
    }
    carryOut(machine.start(at: now))
  }

  private func carryOut(_ steps: [CompositionMachine.Step]) {
    for step in steps where !isClosed {
      switch step {
      case .ask(let part, let isFallback, let milliseconds):
        ask(part, isFallback: isFallback, milliseconds)
      case .answer: answerWithParts()
      case .fail(let part, let failure): fail(part, failure)
      }
    }
  }

  private func ask(_ index: Int, isFallback: Bool, _ milliseconds: UInt64) {
    guard let request else { return }
    let part = composition.plan.parts[index]
    var (name, path) = (part.upstream, part.path)
    if isFallback, case .upstream(let other, let otherPath) = part.fallback {
      (name, path) = (other, otherPath)
    }
    guard let upstream = context.names.numbers.upstream(named: name) else {
      return settle(index, .failure(.upstream(UpstreamFailure.noEndpoint.name)))
    }
    let parameters = request.path.withUnsafeBytes {
      context.names.paths.parameters(of: $0, composedBy: composition.name)
    }
    let head = request.head(target: path.target(parameters: parameters, query: request.query))
    let run = PartRun(part, composition.answer.spans[index], context.memory) {
      [weak self] run, result in
      guard let self, runs[index] === run else { return }
      clients[index] = nil
      settle(index, result)
    }
    runs[index] = run
    clients[index] = subrequests.ask(
      Subrequest(head: head, body: [], upstream: upstream, deadline: milliseconds), for: run)
  }

  private func settle(_ index: Int, _ result: Result<PartReply, PartFailure>) {
    if isClosed || machine.isOver { return }
    if case .success(let reply) = result { replies[index] = reply }
    carryOut(machine.settle(index, result.map { _ in () }, at: now))
  }

  // MARK: Answering

  private func answerWithParts() {
    tally?.count(machine)
    var found: [[Range<Int>?]?] = []
    var controls: [CacheControl] = []
    var vary: [String] = []
    for index in composition.plan.parts.indices {
      if let reply = replies[index] {
        found.append(reply.found)
        controls.append(reply.cacheControl)
        vary += reply.vary
      } else {
        found.append(
          machine.states[index] == .replaced ? composition.literals[index]?.found : nil)
      }
    }
    let errors = errors
    // What some time will be there must not be missed for longer than it is.
    if !errors.isEmpty { controls.append(.noStore) }
    var fields = "cache-control: \(CacheControl.strictest(controls))\r\n"
    if !vary.isEmpty { fields += "vary: \(Self.distinct(vary))\r\n" }
    answer(status: 200, fields: fields, composition.answer.merge(found, errors: errors))
  }

  private var errors: [PartError] {
    composition.plan.parts.indices.compactMap { index in
      machine.failures[index].map { failure in
        PartError(
          part: composition.plan.parts[index].name, reason: failure.reason,
          hasFallback: machine.states[index] == .replaced)
      }
    }
  }

  private static func distinct(_ values: [String]) -> String {
    var names: [String] = []
    for name in values.flatMap({ $0.split(separator: ",") }) {
      let name = name.filter { $0 != " " && $0 != "\t" }.lowercased()
      if !name.isEmpty, !names.contains(name) { names.append(name) }
    }
    return names.contains("*") ? "*" : names.joined(separator: ", ")
  }

  /// What the client asked for is refused, or is not there: that is the answer. Anything else is a
  /// failure of the upstream, for which somebody else may answer.
  private func fail(_ index: Int, _ failure: PartFailure) {
    tally?.count(machine)
    letGo()
    guard let status = failure.clientStatus else {
      return end(failure == .timeout ? .responseTimeout : .partFailed)
    }
    var fields = "cache-control: no-store\r\n"
    for challenge in runs[index]?.challenges ?? [] {
      fields += "www-authenticate: \(challenge)\r\n"
    }
    let text = [UInt8(ascii: "{")] + CompiledAnswer.text(errors) + [UInt8(ascii: "}")]
    answer(status: status, fields: fields, [.text(text)])
  }

  /// `fields`: lines of the head besides those of the body.
  private func answer(status: Int, fields: String, _ body: [AnswerSegment]) {
    let length = body.reduce(0) { $0 + $1.count }
    input.writeString("HTTP/1.1 \(status) \(ReasonPhrase.of(status))\r\n")
    if length > 0 { input.writeString("content-type: application/json\r\n") }
    input.writeString("content-length: \(length)\r\n\(fields)\r\n")
    isAnswered = true
    segments = request?.method == .head ? [] : body[...]
    fill()
    client?.upstreamIsReadable()
  }

  /// Moves pieces of the answer to where the client is served from, as far as there is room.
  private func fill() {
    let most = context.workspace.limits.readAhead
    while let segment = segments.first, input.readableBytes < most {
      let piece = min(segment.count - offset, most - input.readableBytes)
      write(segment, from: offset, piece)
      offset += piece
      if offset == segment.count {
        segments.removeFirst()
        offset = 0
      }
    }
    if segments.isEmpty, isAnswered { hasEnded = true }
  }

  private func write(_ segment: AnswerSegment, from start: Int, _ count: Int) {
    switch segment {
    case .text(let bytes): input.writeBytes(bytes[start..<(start + count)])
    case .part(let index, let range):
      let bytes = replies[index]?.bytes ?? composition.literals[index]?.bytes ?? []
      let first = range.lowerBound + start
      input.writeBytes(bytes[first..<(first + count)])
    }
  }

  private func end(_ failure: UpstreamFailure) {
    self.failure = failure
    hasEnded = true
    client?.upstreamIsReadable()
  }
}
