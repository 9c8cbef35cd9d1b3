// SPDX-License-Identifier: Apache-2.0

internal import Hummingbird
internal import Synchronization

/// Adds routes to a router and remembers their paths, so that the answer to a wrong path and the
/// API's description cannot fall behind.
struct RecordingRoutes<Base: RouterMethods<AdminRequestContext>>: RouterMethods {
  typealias Context = AdminRequestContext

  let base: Base
  let paths: RecordedPaths

  @discardableResult
  func on<Responder: HTTPResponder>(
    _ path: RouterPath, method: HTTPRequest.Method, responder: Responder
  ) -> Self where Responder.Context == AdminRequestContext {
    paths.add(path.description)
    base.on(path, method: method, responder: responder)
    return self
  }

  func add(
    middleware: any MiddlewareProtocol<Request, Response, AdminRequestContext>
  ) -> Self {
    RecordingRoutes(base: base.add(middleware: middleware), paths: paths)
  }
}

/// Paths in the order in which they were added first.
final class RecordedPaths: Sendable {
  private let paths = Mutex<[String]>([])

  func add(_ path: String) {
    paths.withLock { if !$0.contains(path) { $0.append(path) } }
  }

  var all: [String] { paths.withLock(\.self) }
}
