// SPDX-License-Identifier: Apache-2.0

package import Tracing
package import TransactionalMessaging

/// Where a service's context keeps its trace.
private enum TraceContextKey: ServiceContextKey {
  typealias Value = TraceContext

  static var nameOverride: String? { "traceparent" }
}

extension ServiceContext {
  /// The trace with the span at hand; nil outside of any.
  package var traceContext: TraceContext? {
    get { self[TraceContextKey.self] }
    set { self[TraceContextKey.self] = newValue }
  }
}
