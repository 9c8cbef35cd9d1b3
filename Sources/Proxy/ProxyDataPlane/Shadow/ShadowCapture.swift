// SPDX-License-Identifier: Apache-2.0

import ContentCodings
import HTTPExchange
import ShadowComparison

/// The copy of one exchange with legacy, made while its bytes go by.
///
/// It asks for nothing and holds up nothing: what finds no room makes the copy useless, and the
/// exchange goes on as if there had been none.
final class ShadowCapture {
  /// Bodies of requests are kept once more while they wait for an upstream that does not read.
  private static let copies = 2

  private let route: ShadowRoute
  private let hold: ShadowHold
  private let isSafe: Bool
  private let headLength: Int
  private var request: [UInt8]
  private var requestIsWhole: Bool
  private var status = 0
  private var fields: [ComparedResponse.Header] = []
  private var body: ShadowBody
  /// Takes the framing off what passes with it.
  private var chunks: BodyReader?
  /// Why the copy is of no use any more.
  private var problem: DropReason?
  /// What the lane gets and has not got yet; it is counted among those that wait.
  private var job: ShadowJob?

  /// nil, and counted, when there is no room for the head.
  ///
  /// - Parameter head: of the request, as legacy gets it.
  init?(_ route: ShadowRoute, head: UnsafeRawBufferPointer, _ facts: RequestFacts) {
    self.route = route
    hold = ShadowHold(route)
    body = ShadowBody(limit: route.mostKept)
    isSafe = facts.isSafe
    requestIsWhole = facts.body == .none
    headLength = head.count
    request = []
    if case .length(let length) = facts.body, length > route.mostKept {
      route.drop(.bodyTooLarge)
      return nil
    }
    guard hold.reserve(head.count) else {
      route.drop(.byteBudget)
      return nil
    }
    request.append(contentsOf: head)
  }

  // MARK: - The request

  /// Part of the body, with its framing.
  func addRequest(_ bytes: UnsafeRawBufferPointer, endsInTrailers: Bool, isLast: Bool) {
    requestIsWhole = isLast
    // Fields behind the body are left out.
    let end = endsInTrailers ? 2 : 0
    guard keep(bytes.count + end) else { return }
    request.append(contentsOf: bytes)
    if endsInTrailers { request.append(contentsOf: [13, 10]) }
  }

  private func keep(_ count: Int) -> Bool {
    if problem != nil { return false }
    if request.count - headLength + count > route.mostKept {
      give(up: .bodyTooLarge)
    } else if !hold.reserve(count * Self.copies) {
      give(up: .byteBudget)
    }
    return problem == nil
  }

  private func give(up reason: DropReason) {
    problem = reason
    hold.release(headLength + (request.count - headLength) * Self.copies)
    request = []
    if case .whole(let bytes) = body.compared { hold.release(bytes.count) }
    body = ShadowBody(limit: 0)
  }

  // MARK: - The answer

  /// The final head. `isFramed`: the body passes as chunks.
  func answer(
    _ head: ResponseHead, _ bytes: UnsafeRawBufferPointer, _ storage: HeadStorage, isFramed: Bool
  ) {
    if problem != nil || !route.compares { return }
    status = head.status
    fields = ShadowFields.kept(route.keptFields, storage, bytes)
    if isFramed { chunks = BodyReader(.chunked) }
    if case .length(let length) = head.body { body.expect(length) }
  }

  func addAnswer(_ bytes: UnsafeRawBufferPointer, _ limits: MessageLimits) {
    if problem != nil || !route.compares { return }
    guard chunks != nil else { return append(bytes) }
    var rest = bytes
    while !rest.isEmpty, problem == nil,
      let step = chunks?.read(rest, keepFraming: false, limits: limits)
    {
      // What is no chunk is not what its client got.
      if step.rejection != nil { return give(up: .legacyUnanswered) }
      if step.forward.length > 0 { append(rest[step.forward]) }
      if step.consumed == 0 { return }
      rest = UnsafeRawBufferPointer(rebasing: rest[step.consumed...])
    }
  }

  private func append(_ bytes: UnsafeRawBufferPointer) {
    if !body.append(bytes, hold) { give(up: .byteBudget) }
  }

  // MARK: - The end

  /// Makes what the lane gets, and puts it in line; counted as dropped when the copy is of no use,
  /// or too many wait already.
  ///
  /// - Parameters:
  ///   - isWhole: legacy answered, and its client got all of it.
  ///   - nanoseconds: how long that took.
  func finish(isWhole: Bool, nanoseconds: UInt64) {
    if let reason = problem ?? reasonAgainst(isWhole, nanoseconds / 1_000_000) {
      return route.drop(reason)
    }
    guard job == nil, route.enterLine() else { return }
    let answer = ComparedResponse(status: status, headers: fields, body: body.compared)
    job = ShadowJob(
      route: route, request: ShadowRequest(bytes: request, headLength: headLength, isSafe: isSafe),
      hold: hold, answer: answer, microseconds: Int(nanoseconds / 1_000))
  }

  /// What the lane gets, once.
  func takeJob() -> ShadowJob? {
    defer { job = nil }
    return job
  }

  deinit {
    // Nobody came for it: it must not stand in line for ever.
    if job != nil { route.leaveLine() }
  }

  private func reasonAgainst(_ isWhole: Bool, _ milliseconds: UInt64) -> DropReason? {
    if !isWhole || !requestIsWhole { return .legacyUnanswered }
    if route.compares, milliseconds > route.deadline { return .deadline }
    return ShadowFields.cannotBeCompared(fields) ? .encoded : nil
  }
}

/// The fields of an answer that comparisons look at.
enum ShadowFields {
  /// Those of the names given, which are in lower case.
  static func kept(
    _ names: [[UInt8]], _ storage: HeadStorage, _ bytes: UnsafeRawBufferPointer
  ) -> [ComparedResponse.Header] {
    var kept: [ComparedResponse.Header] = []
    for field in storage.view {
      let name = bytes[field.name]
      let isWanted = names.contains { wanted in
        wanted.count == name.count
          && wanted.elementsEqual(name) { $0 == ($1 &- 65 < 26 ? $1 | 0x20 : $1) }
      }
      guard isWanted else { continue }
      kept.append(
        .init(
          name: String(decoding: name, as: UTF8.self),
          value: String(decoding: bytes[field.value], as: UTF8.self)))
    }
    return kept
  }

  /// Whether the body is packed in a way that is not known.
  static func cannotBeCompared(_ fields: [ComparedResponse.Header]) -> Bool {
    // Most answers have two fields, and this is on their clients' way.
    fields.contains { $0.name.utf8.count == 16 } && !AnswerDecoder.canDecode(fields)
  }
}
