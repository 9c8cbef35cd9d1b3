// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import Logging
internal import RoutingDecisions
internal import TransactionalMessaging

/// Where a relay's events go, ready to be used. Each kind of target has a file beside this one that
/// opens it.
struct OpenedTarget: Sendable {
  let publisher: any MessagePublisher
  /// For people, without anything secret.
  let shown: String
  /// A publication that takes longer counts as failed, in milliseconds: more than the publisher
  /// needs to give up by itself, because it says why.
  let publishTimeout: Int64
  /// Looks at the other side once. What no waiting mends ends the command; the rest is logged and
  /// waited out.
  let check: @Sendable () async throws -> Void
  let close: @Sendable () async -> Void
}

extension OutboxSettings {
  /// - Throws: `CommandFailure` when the target's settings, secrets and files cannot be used.
  func open(_ target: Target, logger: Logger) throws -> OpenedTarget {
    switch target {
    case .http(let target): try open(target)
    case .nats(let target): try open(target, logger: logger)
    case .rabbitMQ(let target): try open(target, logger: logger)
    case .kafka(let target): try open(target, logger: logger)
    }
  }

  /// Ends a command whose target needs a trait that this build is without.
  func missingTrait(_ trait: String, for target: String) -> CommandFailure {
    let traits = OutboxPlace.isPostgreSQL(database) ? "PostgreSQL,\(trait)" : trait
    return CommandFailure.unusable(
      "outbox.publish.\(target): this build is without it; build strangler with "
        + "\"swift build --traits \(traits)\"")
  }
}

extension SecretPlace {
  /// The secret; what is wrong with its place is told without it.
  ///
  /// - Parameter key: the setting, for the error.
  func read(_ key: String) throws -> String {
    switch self {
    case .environment(let variable):
      guard let secret = ProcessInfo.processInfo.environment[variable], !secret.isEmpty else {
        throw CommandFailure.unusable("\(key)-env: the environment variable \(variable) is not set")
      }
      return secret
    case .file(let path):
      guard let data = FileManager.default.contents(atPath: path),
        let text = String(validating: data, as: UTF8.self)
      else {
        throw CommandFailure.unusable(
          "\(key)-file: \(path) cannot be read as text; is it there, for this user?")
      }
      let secret = String(text.reversed().drop(while: \.isWhitespace).reversed())
      guard !secret.isEmpty else {
        throw CommandFailure.unusable("\(key)-file: \(path) is empty")
      }
      return secret
    }
  }
}

extension Duration {
  var milliseconds: Int64 {
    components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
  }
}
