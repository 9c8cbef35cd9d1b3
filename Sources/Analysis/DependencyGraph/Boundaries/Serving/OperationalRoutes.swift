// SPDX-License-Identifier: Apache-2.0

/// What answers only whoever operates a process: whether it lives, whether it is ready, what it
/// measures. Every service has its own of it, so it belongs to none and makes no application.
struct OperationalRoutes {
  /// Segments whose meaning is beyond doubt where a route has no other ones.
  private static let names: Set<String> = [
    "health", "healthz", "healthcheck", "health-check", "live", "livez", "liveness", "ready",
    "readyz", "readiness", "startupz", "ping", "metrics", "prometheus", "version",
  ]
  /// What follows such a name and tells what is looked at.
  private static let parts: Set<String> = ["check", "status", "db", "database"]
  /// What stands before such a name.
  private static let prefixes: Set<String> = ["api", "internal", "actuator", "management"]
  private static let methods: Set<String> = ["GET", "HEAD", "*"]

  /// Units that answer such routes and no other, run no job, and change no data.
  let units: Set<Int>
  /// Routes of these.
  let count: Int

  init(_ model: CodeModel, _ units: CodeUnits) {
    var found: Set<Int> = []
    var others: Set<Int> = []
    for route in model.routes {
      let unit = units[route.handler]
      if Self.tells(method: route.method, path: route.path) {
        found.insert(unit)
      } else {
        others.insert(unit)
      }
    }
    found.subtract(others)
    for job in model.jobs { found.remove(units[job.type]) }
    for use in model.tableUses where use.access == .writes || use.access == .maps {
      found.remove(units[use.type])
    }
    self.units = found
    count = model.routes.count { found.contains(units[$0.handler]) }
  }

  /// Whether a route tells only how a process is doing.
  static func tells(method: String, path: String) -> Bool {
    guard methods.contains(method) else { return false }
    let segments = path.lowercased().split(separator: "/").map { segment in
      String(segment.drop { $0 == "_" || $0 == "-" })
    }.drop { segment in
      let isVersion = segment.first == "v" && segment.dropFirst().allSatisfy(\.isNumber)
      return prefixes.contains(segment) || isVersion
    }
    guard let first = segments.first, names.contains(first) else { return false }
    return segments.dropFirst().allSatisfy { names.contains($0) || parts.contains($0) }
  }
}

extension Service.Route {
  /// Whether it tells only how a process is doing.
  package var isOperational: Bool { OperationalRoutes.tells(method: method, path: path) }
}
