// SPDX-License-Identifier: Apache-2.0

import GraphQLRequests
import HTTPExchange
import NIOCore
import RoutingDecisions

/// How far the body has come that decides where its request goes.
struct AwaitedBody {
  /// Times the head was looked at: each costs a look at all that came.
  static let mostLooks: UInt8 = 64

  /// Bytes of head and body together; 0 where only the end tells.
  var count = 0
  var looks: UInt8 = 0
}

/// Holding a request until its GraphQL operation is there. None of it is reached while no route
/// asks for one.
///
/// The body stays where it was received; it is read again when the request was routed. It is not
/// waited for beyond `GraphQLReader.mostBytes`, where its sender waits for leave to send it, or
/// when memory is short: such a request goes where those go whose operation cannot be told.
extension ExchangePump {
  /// Whether what the head waits for may be there.
  var awaitedBodyIsThere: Bool {
    if exchange.hasInputEnded { return true }
    let count = record.awaited.count
    return withReceived { bytes in
      // Each body in chunks ends so, and few pieces of one do by chance.
      count > 0
        ? bytes.count >= count
        : bytes.suffix(4).elementsEqual([13, 10, 13, 10])
          || bytes.count > GraphQLReader.mostBytes
    }
  }

  /// Whether the head in the workspace is looked at again once more of its body is there.
  @inline(never)
  func waitsForBody() -> Bool {
    let facts = exchange.facts
    if exchange.hasInputEnded || facts.expectsContinue || context.memory.isExhausted {
      return false
    }
    let length = workspace.requestLength
    var waits = false
    withReceived { bytes in
      switch facts.body {
      case .none, .untilClose: return
      case .length(let body):
        if body > GraphQLReader.mostBytes || bytes.count >= length + body { return }
        record.awaited.count = length + body
      case .chunked:
        let isWhole = bytes.count > length && chunkedBody(bytes, behind: length) != nil
        if isWhole || bytes.count > GraphQLReader.mostBytes { return }
        record.awaited.count = 0
      }
      let none = UnsafeRawBufferPointer(start: nil, count: 0)
      let view = workspace.requestView(bytes, clientAddress: none)
      waits = context.asksForOperation(view) && view.graphQLForm != nil
    }
    record.awaited.looks &+= 1
    if !waits || record.awaited.looks > AwaitedBody.mostLooks { return false }
    exchange.awaitBody(workspace)
    return true
  }

  /// What the request has executed; nil when no route asks, or when it cannot be told.
  @inline(never)
  func operation(_ view: RequestView, _ bytes: UnsafeRawBufferPointer) -> GraphQLOperation? {
    guard context.asksForOperation(view) else { return nil }
    return try? view.operation(body: wholeBody(bytes)).get()
  }

  private func wholeBody(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
    let length = workspace.requestLength
    switch exchange.facts.body {
    case .none: return []
    case .untilClose: return nil
    case .length(let body):
      guard body <= GraphQLReader.mostBytes, bytes.count >= length + body else { return nil }
      return Array(bytes[length..<(length + body)])
    case .chunked: return chunkedBody(bytes, behind: length)
    }
  }

  /// nil when it is not whole, or is more than is looked at.
  private func chunkedBody(_ bytes: UnsafeRawBufferPointer, behind length: Int) -> [UInt8]? {
    var reader = BodyReader(.chunked)
    var body: [UInt8] = []
    var rest = UnsafeRawBufferPointer(rebasing: bytes[length...])
    while !rest.isEmpty {
      let step = reader.read(rest, keepFraming: false, limits: workspace.limits)
      body += rest[step.forward]
      // Fields behind it change nothing of what it says.
      if step.isFinished || step.meetsTrailers { return body }
      if step.rejection != nil || step.consumed == 0 { return nil }
      if body.count > GraphQLReader.mostBytes { return nil }
      rest = UnsafeRawBufferPointer(rebasing: rest[step.consumed...])
    }
    return nil
  }
}
