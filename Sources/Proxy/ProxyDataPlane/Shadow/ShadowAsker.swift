// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import RoutingDecisions
import ShadowComparison

/// What one shadow asks, and of whom.
struct ShadowQuestion {
  /// The head as HTTP/1.1, with the fields that mark it.
  let head: [UInt8]
  let purpose: ShadowRequest.Purpose
  /// The request that it is a copy of, with the body.
  let original: ShadowRequest
  /// The lane's number of the upstream.
  let upstream: Int
  let route: ShadowRoute
  let hold: ShadowHold
  /// Milliseconds that it may take.
  let deadline: UInt64
  /// Whether the answer is kept, or only read.
  let keepsAnswer: Bool

  var subrequest: Subrequest {
    Subrequest(
      head: head, body: original.bytes[original.headLength...], upstream: upstream,
      deadline: deadline, shadow: purpose.rawValue)
  }
}

/// What came of asking.
enum ShadowReply {
  case answer(SideAnswer)
  /// It says nothing about the side.
  case dropped(DropReason)
}

/// Keeps the answer to a shadow, or throws it away.
final class ShadowAsker: SubrequestAsker {
  /// Most bytes of an answer that are read; who sends more is cut off.
  private static let mostRead = 256 << 20

  private let question: ShadowQuestion
  private var status = 0
  /// Bytes of an answer that is not kept.
  private var read = 0
  private var fields: [ComparedResponse.Header] = []
  private var body: ShadowBody
  private var problem: ShadowReply?
  private let report: (ShadowReply, _ microseconds: Int) -> Void

  init(
    _ question: ShadowQuestion, report: @escaping (ShadowReply, _ microseconds: Int) -> Void
  ) {
    self.question = question
    self.report = report
    body = ShadowBody(limit: question.route.mostKept)
  }

  func answerBegan(
    _ head: ResponseHead, _ bytes: UnsafeRawBufferPointer, _ storage: HeadStorage
  ) {
    status = head.status
    guard question.keepsAnswer else { return }
    fields = ShadowFields.kept(question.route.keptFields, storage, bytes)
    if case .length(let length) = head.body { body.expect(length) }
  }

  func answerGoesOn(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard question.keepsAnswer else {
      read += bytes.count
      return read <= Self.mostRead
    }
    if !body.append(bytes, question.hold) { problem = .dropped(.byteBudget) }
    if body.count > Self.mostRead { problem = .dropped(.bodyTooLarge) }
    return problem == nil
  }

  func answerEnded(_ end: SubrequestEnd, microseconds: Int) {
    report(problem ?? reply(end), microseconds)
  }

  private func reply(_ end: SubrequestEnd) -> ShadowReply {
    switch end {
    case .whole: wholeReply
    case .failed(let failure): ShadowReply(failure)
    case .cut: .answer(.failure(.cutOff))
    case .late: .answer(.failure(.deadline))
    // None of these is the upstream's doing.
    case .refused(.requestTimeout): .dropped(.deadline)
    case .refused(.draining): .dropped(.noSlot)
    case .refused: .dropped(.bodyTooLarge)
    }
  }

  private var wholeReply: ShadowReply {
    if ShadowFields.cannotBeCompared(fields) { return .dropped(.encoded) }
    return .answer(
      .response(ComparedResponse(status: status, headers: fields, body: body.compared)))
  }
}

extension ShadowReply {
  init(_ failure: UpstreamFailure) {
    switch failure {
    case .circuitOpen: self = .dropped(.breakerOpen)
    case .unfitRequest: self = .dropped(.bodyTooLarge)
    case .connectionLimit, .overloaded, .queueTimeout, .outOfResources: self = .dropped(.noSlot)
    case .noEndpoint, .connectFailed, .connectTimeout, .tlsFailed, .certificateRefused:
      self = .answer(.failure(.unreachable))
    case .responseTimeout, .stalled, .tryTimeout: self = .answer(.failure(.deadline))
    case .closedBeforeResponse, .closedMidResponse, .truncated, .malformedResponse, .moduleFailed,
      .refusedStream, .partFailed:
      self = .answer(.failure(.cutOff))
    }
  }
}
