// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
public import Hummingbird
internal import NIOCore
internal import ResiliencePolicies
public import ServiceCalls
public import ServiceClient
public import ServiceLifecycle
internal import Synchronization

/// Tells whoever deals requests whether this process lives, and whether it may be given any.
///
/// `GET /livez` is answered with 200 as long as anything is. `GET /readyz` is answered with 200
/// while every check passes, and with 503 and the names of those that do not; then also from the
/// moment at which the process is asked to end, before it takes no requests any more. The names are
/// those of Kubernetes.
///
/// It has to be the last service of a group: the last one is told first to shut down, and the
/// others go on for as long as it takes.
public final class ServiceHealth: Service {
  /// What the process needs: returns when it is there, and throws when it is not.
  public typealias Check = @Sendable () async throws -> Void

  private let checks: [String: Check]
  private let timeout: UInt64
  private let drain: UInt64
  private let clock: any CallClock
  private let isDraining = Atomic(false)

  /// Creates the health of a process.
  ///
  /// - Parameters:
  ///   - checks: by name. What many services need at once should be none of them: when it fails,
  ///     all of them are taken out together, and nobody answers.
  ///   - timeout: how long a check may take; then it failed.
  ///   - drain: how long requests are still taken after the process was asked to end. Whoever deals
  ///     them has to ask within that time.
  ///   - clock: the time.
  public init(
    checks: [String: Check] = [:], timeout: Duration = .seconds(1), drain: Duration = .seconds(5),
    clock: any CallClock = MonotonicClock()
  ) {
    self.checks = checks
    self.timeout = timeout.milliseconds
    self.drain = drain.milliseconds
    self.clock = clock
  }

  /// Adds both routes.
  public func addRoutes(to router: some RouterMethods<some RequestContext>) {
    router.get("/livez") { _, _ in Self.answer(.ok, "alive") }
    router.get("/readyz") { [self] _, _ in
      if isDraining.load(ordering: .relaxed) { return Self.answer(.serviceUnavailable, "draining") }
      let failing = await failing()
      return failing.isEmpty
        ? Self.answer(.ok, "ready")
        : Self.answer(
          .serviceUnavailable, "not ready: \(failing.sorted().joined(separator: ", "))")
    }
  }

  /// Returns some time after the process was asked to end.
  public func run() async {
    try? await gracefulShutdown()
    isDraining.store(true, ordering: .relaxed)
    try? await clock.sleep(until: clock.now() + drain)
  }

  /// Names of the checks that do not pass, all at the same time.
  private func failing() async -> [String] {
    await withTaskGroup(of: String?.self) { group in
      for (name, check) in checks {
        group.addTask { [clock, timeout] in
          let passed: Void? = try? await clock.within(clock.now() + timeout, check)
          return passed == nil ? name : nil
        }
      }
      return await group.reduce(into: []) { if let name = $1 { $0.append(name) } }
    }
  }

  private static func answer(_ status: HTTPResponse.Status, _ text: String) -> Response {
    Response(
      status: status, headers: [.contentType: "text/plain", .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: text + "\n")))
  }
}
