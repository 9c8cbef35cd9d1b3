// SPDX-License-Identifier: Apache-2.0

internal import Foundation
public import Logging
internal import ResiliencePolicies
public import ServiceCalls
public import ServiceLifecycle

/// Takes the endpoints of services from a file, and again whenever it says something else.
///
/// The file is JSON, `{"orders": ["http://10.0.0.4:8080", "http://10.0.0.5:8080"]}`, written by
/// whatever knows the instances. It is read again and again rather than watched: one that is
/// replaced, or mounted, is another file to whoever watches. While it is missing or cannot be
/// understood as a whole, what it said before holds. A service that it names no more has no
/// endpoint; services that it never named are not touched.
public struct EndpointFile: Service {
  private let path: String
  private let registry: ServiceRegistry
  private let interval: Duration
  private let clock: any CallClock
  private let logger: Logger?

  /// Creates a source of endpoints.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - registry: its entries are given the endpoints.
  ///   - interval: time between two looks at the file.
  ///   - clock: the time.
  ///   - logger: is told of a file that cannot be read.
  public init(
    _ path: String, registry: ServiceRegistry, interval: Duration = .seconds(1),
    clock: any CallClock = MonotonicClock(), logger: Logger? = nil
  ) {
    self.path = path
    self.registry = registry
    self.interval = interval
    self.clock = clock
    self.logger = logger
  }

  /// Looks at the file until it is cancelled or shut down.
  public func run() async {
    try? await cancelWhenGracefulShutdown {
      var text: Data?
      var names: Set<String> = []
      while true {
        let next = FileManager.default.contents(atPath: path)
        if next != text { take(next, &names) }
        text = next
        try await clock.sleep(until: clock.now() + interval.milliseconds)
      }
    }
  }

  private func take(_ text: Data?, _ names: inout Set<String>) {
    do {
      guard let text else { throw Problem(description: "it cannot be read") }
      let services = try JSONDecoder().decode([String: [String]].self, from: text)
      let endpoints = try services.mapValues { urls in
        try urls.map { url in
          guard let endpoint = ServiceEndpoint(url) else {
            throw Problem(description: "\(url) is no http:// or https:// URL without a path")
          }
          return endpoint
        }
      }
      for (name, endpoints) in endpoints { registry[name].replace(endpoints) }
      for name in names.subtracting(endpoints.keys) { registry[name].replace([]) }
      names = Set(endpoints.keys)
    } catch {
      logger?.error(
        "Endpoints stay as they are", metadata: ["file": "\(path)", "error": "\(error)"])
    }
  }

  private struct Problem: Error, CustomStringConvertible {
    let description: String
  }
}
