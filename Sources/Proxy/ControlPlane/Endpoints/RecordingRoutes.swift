// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import Synchronization

/// Adds routes to a router and remembers them, so that the answer to a wrong path or a wrong method
/// and the API's description cannot fall behind.
struct RecordingRoutes<Base: RouterMethods<AdminRequestContext>>: RouterMethods {
  typealias Context = AdminRequestContext

  let base: Base
  let paths: RecordedPaths
  /// The console's paths are for people, and no part of the API's description.
  var areListed = true

  @discardableResult
  func on<Responder: HTTPResponder>(
    _ path: RouterPath, method: HTTPRequest.Method, responder: Responder
  ) -> Self where Responder.Context == AdminRequestContext {
    paths.add(path.description, method, isListed: areListed)
    base.on(path, method: method, responder: responder)
    return self
  }

  func add(
    middleware: any MiddlewareProtocol<Request, Response, AdminRequestContext>
  ) -> Self {
    RecordingRoutes(base: base.add(middleware: middleware), paths: paths, areListed: areListed)
  }
}

/// Paths in the order in which they were added first, each with its methods.
final class RecordedPaths: Sendable {
  private struct Entry {
    let path: String
    let isListed: Bool
    var methods: [HTTPRequest.Method]
  }

  private let entries = Mutex<[Entry]>([])

  func add(_ path: String, _ method: HTTPRequest.Method, isListed: Bool) {
    // The router answers HEAD wherever it answers GET.
    let methods: [HTTPRequest.Method] = method == .get ? [.get, .head] : [method]
    entries.withLock { entries in
      if let index = entries.firstIndex(where: { $0.path == path }) {
        entries[index].methods += methods
      } else {
        entries.append(Entry(path: path, isListed: isListed, methods: methods))
      }
    }
  }

  /// The paths of the API.
  var listed: [String] { entries.withLock { $0.filter(\.isListed).map(\.path) } }

  /// What the path of a request takes; empty when there is nothing.
  func methods(at path: String) -> [HTTPRequest.Method] {
    let parts = path.split(separator: "/", omittingEmptySubsequences: true)
    return entries.withLock { entries in
      entries.first { entry in
        let known = entry.path.split(separator: "/", omittingEmptySubsequences: true)
        return known.count == parts.count
          && zip(known, parts).allSatisfy { $0 == $1 || $0.first == "{" }
      }?.methods ?? []
    }
  }
}
