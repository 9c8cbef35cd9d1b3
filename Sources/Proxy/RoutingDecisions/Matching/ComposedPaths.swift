// SPDX-License-Identifier: Apache-2.0

/// The paths by which requests reach composed upstreams, whose parts are asked for what stands in
/// place of the parameters.
package struct ComposedPaths: Sendable {
  /// By the upstream's name; text comes before parameters, as in the table of routes.
  private var templates: [String: [PathTemplate]] = [:]

  package init(_ configuration: ProxyConfiguration) {
    for upstream in configuration.upstreams where upstream.composition != nil {
      let paths = configuration.routes(to: upstream.name).map(\.match.path)
      templates[upstream.name] = paths.enumerated().sorted { left, right in
        Self.isTried(left.element, before: right.element) ?? (left.offset < right.offset)
      }.map(\.element)
    }
  }

  private static func isTried(_ left: PathTemplate, before right: PathTemplate) -> Bool? {
    for (one, other) in zip(left.segments, right.segments) {
      switch (one, other) {
      case (.literal, .parameter): return true
      case (.parameter, .literal): return false
      default: continue
      }
    }
    if left.segments.count == right.segments.count { return nil }
    return left.segments.count > right.segments.count
  }

  /// What a path has in place of the parameters of the route that takes it, as received.
  package func parameters(
    of path: UnsafeRawBufferPointer, composedBy upstream: String
  ) -> [String: [UInt8]] {
    for template in templates[upstream] ?? [] {
      if let parameters = template.parameters(of: path) { return parameters }
    }
    return [:]
  }
}
