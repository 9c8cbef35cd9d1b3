// SPDX-License-Identifier: Apache-2.0

package import Logging
public import ProxyDataPlane
public import RoutingDecisions
internal import Synchronization

/// Reads the configuration again when asked to, hands it to the proxy, and remembers what came of
/// it. A configuration that cannot be used changes nothing: the last good one stays in force.
public final class ConfigurationReloader: Sendable {
  /// Reads a configuration with everything that is wrong with it.
  public typealias Source = @Sendable () -> DecodedConfiguration

  /// What came of one attempt.
  public struct Outcome: Sendable {
    /// Who asked for it, such as `SIGHUP` or `POST /reload from 127.0.0.1`.
    public let cause: String
    /// When, milliseconds since 1970-01-01T00:00:00Z.
    public let unixMilliseconds: Int64
    /// What changed, or why nothing did.
    public let result: Result<ConfigurationChange, Refusal>
  }

  /// Why a configuration was not taken up.
  public enum Refusal: Error, Sendable {
    /// It cannot be used, or not even read.
    case invalid([Diagnostic])
    /// The running proxy cannot take it up.
    case impossible(ProxyServerError)
  }

  private struct State {
    var applied: Outcome?
    var rejected: Outcome?
    var appliedCount: UInt64 = 0
    var rejectedCount: UInt64 = 0
    var lastWasRefused = false
  }

  private let source: Source
  /// Puts a configuration in force; takes what asked for it and the time too.
  package typealias Apply =
    @Sendable (
      _ next: ProxyConfiguration, _ cause: String, _ unixMilliseconds: Int64
    ) async throws -> ConfigurationChange

  private let apply: Apply
  private let unixMilliseconds: @Sendable () -> Int64
  private let logger: Logger
  private let state = Mutex(State())

  /// Creates a reloader; `apply` puts a configuration in force at the time given.
  package init(
    source: @escaping Source, logger: Logger,
    unixMilliseconds: @escaping @Sendable () -> Int64,
    apply: @escaping Apply
  ) {
    self.source = source
    self.apply = apply
    self.unixMilliseconds = unixMilliseconds
    self.logger = logger
  }

  /// The last configuration that was taken up after the start, and the last that was not.
  var outcomes: (applied: Outcome?, rejected: Outcome?) {
    state.withLock { ($0.applied, $0.rejected) }
  }

  /// Reloads since the start.
  var counts: (applied: UInt64, rejected: UInt64) {
    state.withLock { ($0.appliedCount, $0.rejectedCount) }
  }

  /// The file as it was read last is not what is in force.
  var lastWasRefused: Bool { state.withLock(\.lastWasRefused) }

  /// Reads the configuration and takes it up if it can be used. Never fails: what was wrong is part
  /// of the outcome, is logged, and shown by `GET /config`.
  @discardableResult
  public func reload(cause: String) async -> Outcome {
    let time = unixMilliseconds()
    let outcome = Outcome(
      cause: cause, unixMilliseconds: time, result: await attempt(cause, at: time))
    state.withLock { state in
      switch outcome.result {
      case .success:
        state.applied = outcome
        state.appliedCount += 1
        state.lastWasRefused = false
      case .failure:
        state.rejected = outcome
        state.rejectedCount += 1
        state.lastWasRefused = true
      }
    }
    log(outcome)
    return outcome
  }

  private func attempt(
    _ cause: String, at time: Int64
  ) async -> Result<ConfigurationChange, Refusal> {
    let decoded = source()
    guard let configuration = decoded.configuration else {
      return .failure(.invalid(decoded.diagnostics))
    }
    do {
      return .success(try await apply(configuration, cause, time))
    } catch let error as InvalidConfiguration {
      return .failure(.invalid(error.diagnostics))
    } catch let error as ProxyServerError {
      return .failure(.impossible(error))
    } catch {
      return .failure(.invalid([Diagnostic(.error, key: "", message: "\(error)")]))
    }
  }

  private func log(_ outcome: Outcome) {
    switch outcome.result {
    case .success(let change):
      logger.notice(
        "configuration reloaded",
        metadata: ["cause": "\(outcome.cause)", "changes": "\(change.items.count)"])
      for item in change.items {
        logger.notice(
          "configuration change",
          metadata: [
            "kind": "\(item.kind.rawValue)", "subject": "\(item.subject)", "text": "\(item.text)",
          ])
      }
    case .failure(let refusal):
      logger.error(
        "configuration refused, the last good one stays",
        metadata: ["cause": "\(outcome.cause)", "reasons": "\(refusal.reasons)"])
    }
  }
}

extension ConfigurationReloader.Refusal {
  /// One line for each thing that is wrong.
  public var reasons: [String] {
    switch self {
    case .invalid(let diagnostics): diagnostics.map(\.description)
    case .impossible(let error): [error.message]
    }
  }
}
