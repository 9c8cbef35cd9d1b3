// SPDX-License-Identifier: Apache-2.0

public import TransactionalMessaging

/// What a step or a compensation does.
///
/// - `write` changes the database that keeps the saga, in the transaction that says it is done.
/// - `call` runs a closure, such as a request over HTTP with `call.key` as its idempotency key.
/// - `command` sends an event to another service, which answers with one.
public struct SagaWork<Context: Codable & Sendable, Store: SagaStore>: Sendable {
  let body: WorkBody<Store>
  private var attempts: Int?
  private var crashes: Int?
  private var within: Int64?
  private var backoff: Backoff?

  init(_ body: WorkBody<Store>) { self.body = body }

  /// Work in the transaction of the store; stores offer it under the name `write`.
  ///
  /// - Parameter write: gets the context as JSON and answers with the changed one.
  public init(write: Store.Write) { self.init(.write(write)) }

  /// Work outside of the saga's database.
  ///
  /// It may be carried out more than once, after a crash or a lost answer, and always with the same
  /// `call.key`. It must end soon after its task is cancelled: its saga waits for it.
  public static func call(
    _ body: @escaping @Sendable (inout Context, SagaCall) async throws -> Void
  ) -> SagaWork {
    SagaWork(
      .call { call, text in
        var context = try ContextText.decode(Context.self, text)
        try await body(&context, call)
        return try ContextText.encode(context)
      })
  }

  /// A command to another service, whose answer says no more than that it is done.
  ///
  /// - Parameters:
  ///   - channel: the command's aggregate type; it travels on the topic `outbox.event.<channel>`.
  ///     A step and its compensation need the same one: in it they keep their order.
  ///   - type: what is asked for, such as `reserve-stock`.
  ///   - content: the payload.
  public static func command(
    to channel: String, _ type: String,
    _ content: @escaping @Sendable (Context) throws -> some Encodable & SendableMetatype
  ) -> SagaWork {
    command(to: channel, type, content) { (_, _: NoAnswer) in }
  }

  /// A command to another service.
  ///
  /// - Parameters:
  ///   - channel: the command's aggregate type; it travels on the topic `outbox.event.<channel>`.
  ///   - type: what is asked for, such as `reserve-stock`.
  ///   - content: the payload.
  ///   - answered: takes what the answer says into the context.
  public static func command<Answer: Decodable & SendableMetatype>(
    to channel: String, _ type: String,
    _ content: @escaping @Sendable (Context) throws -> some Encodable & SendableMetatype,
    answered: @escaping @Sendable (inout Context, Answer) throws -> Void
  ) -> SagaWork {
    SagaWork(
      .command(
        CommandScript(channel: channel, type: type) { text in
          try ContextText.payload(content(ContextText.decode(Context.self, text)))
        } answered: { text, payload in
          var context = try ContextText.decode(Context.self, text)
          if Answer.self != NoAnswer.self {
            try answered(&context, ContextText.decode(Answer.self, payload))
          }
          return try ContextText.encode(context)
        }))
  }

  /// How many attempts may fail: 3 of a step (1 of a command, which reaches its service in any
  /// case), 10 of what has to be done in the end, where nothing else is said.
  public func attempts(_ count: Int) -> SagaWork { with { $0.attempts = max(1, count) } }

  /// How many attempts in a row may end with their process: 10 where nothing else is said.
  public func crashes(_ count: Int) -> SagaWork { with { $0.crashes = max(1, count) } }

  /// How long one attempt may take: 5 seconds of a call, 30 of a command where nothing else is
  /// said. After that its outcome is unknown.
  public func within(_ time: Duration) -> SagaWork {
    with { $0.within = max(1, time.milliseconds) }
  }

  /// How long to wait before the next attempt.
  public func backoff(_ backoff: Backoff) -> SagaWork { with { $0.backoff = backoff } }

  private func with(_ change: (inout SagaWork) -> Void) -> SagaWork {
    var copy = self
    change(&copy)
    return copy
  }

  /// - Parameter isObliged: it has to be done in the end.
  func script(isObliged: Bool) -> WorkScript<Store> {
    let manner = body.manner
    let policy = WorkPolicy(
      attempts: attempts ?? (isObliged ? 10 : manner == .command ? 1 : 3), crashes: crashes ?? 10,
      within: within ?? (manner == .call ? 5_000 : 30_000),
      backoff: backoff
        ?? (isObliged ? Backoff(first: 500, most: 60_000) : Backoff(first: 200, most: 2_000)))
    return WorkScript(plan: WorkPlan(manner: manner, policy: policy), body: body)
  }
}

/// The answer to a command that says nothing more.
struct NoAnswer: Decodable {}

extension Duration {
  var milliseconds: Int64 {
    components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
  }
}
