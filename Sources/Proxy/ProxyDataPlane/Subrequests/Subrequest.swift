// SPDX-License-Identifier: Apache-2.0

import HTTPExchange

/// A request that the proxy makes itself: the copy of one, or a part of an answer.
struct Subrequest {
  /// The head as HTTP/1.1.
  let head: [UInt8]
  /// The body; nobody copies it for a subrequest.
  let body: ArraySlice<UInt8>
  /// The worker's number of the upstream.
  let upstream: Int
  /// Milliseconds that it may take.
  let deadline: UInt64
  /// What a shadow's copy is made for, which has a span of its own; nil for a part, of which the
  /// composed answer's span tells.
  var shadow: String?
}

/// How a subrequest ended.
enum SubrequestEnd: Equatable {
  /// The answer came whole.
  case whole
  /// The upstream failed it before an answer began.
  case failed(UpstreamFailure)
  /// The proxy itself refused it.
  case refused(Problem)
  /// The answer was not completed, or nobody wanted the rest of it.
  case cut
  /// Its time was over.
  case late
}

/// Who gets what comes of a subrequest; on its loop.
protocol SubrequestAsker: AnyObject {
  /// The final head, and where its fields are.
  func answerBegan(
    _ head: ResponseHead, _ bytes: UnsafeRawBufferPointer, _ storage: HeadStorage)
  /// A piece of the body. False when the rest is of no use.
  func answerGoesOn(_ bytes: UnsafeRawBufferPointer) -> Bool
  /// Nothing follows. Called once, after the work at hand.
  func answerEnded(_ end: SubrequestEnd, microseconds: Int)
}

/// The subrequests under way on one loop.
final class Subrequests {
  /// What carries one on this loop; set by the worker, before it runs.
  var make: ((Subrequest, any SubrequestAsker) -> SubrequestClient)?
  let context: WorkerContext
  @exclusivity(unchecked) private var registry = ClientRegistry<SubrequestClient>()

  init(_ context: WorkerContext) { self.context = context }

  var isEmpty: Bool { registry.isEmpty }

  /// Sends one; nil when the loop does not run.
  @discardableResult
  func ask(_ subrequest: Subrequest, for asker: any SubrequestAsker) -> SubrequestClient? {
    guard let client = make?(subrequest, asker) else { return nil }
    registry.add(client)
    client.run()
    return client
  }

  func remove(_ client: SubrequestClient) { _ = registry.remove(client) }

  func deadlineChanged(_ client: SubrequestClient) { registry.deadlineChanged(client) }

  /// Looks at deadlines.
  func tick() {
    let now = context.workspace.now
    var position = Int.max
    while let client = registry.due(at: now, from: position) {
      position = client.position - 1
      client.deadlinePassed()
    }
  }

  /// Lets everything go.
  func stop() {
    for client in registry.clients.reversed() { client.abandon() }
  }
}
