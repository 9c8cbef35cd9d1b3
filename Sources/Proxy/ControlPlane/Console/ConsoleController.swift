// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import ServiceLifecycle

/// `/console`: a page to watch and to give orders by. The page and its parts are open to all, since
/// they hold nothing; what it shows is asked for with the token.
struct ConsoleController {
  private let files = ConsoleFiles()
  let feed: ConsoleFeed
  let needsToken: Bool

  func addRoutes(
    open: some RouterMethods<AdminRequestContext>, guarded: some RouterMethods<AdminRequestContext>
  ) {
    addPage(to: open)
    addData(to: guarded)
  }

  /// The page. It must be loaded before anybody can give it a token.
  private func addPage(to router: some RouterMethods<AdminRequestContext>) {
    router.get("/") { _, _ in Response.redirect(to: "/console", type: .temporary) }
    router.get("/console") { [files] request, _ in files.page.response(to: request) }
    router.get("/console/access") { [needsToken] _, _ in
      Response.json(.ok, Access(needsToken: needsToken))
    }
    router.get("/console/{file}") { [files] request, context in
      guard let file = files.parts[try context.parameters.require("file")] else {
        throw HTTPError(.notFound)
      }
      return file.response(to: request)
    }
  }

  /// What the page shows.
  private func addData(to router: some RouterMethods<AdminRequestContext>) {
    router.get("/console/traffic") { [feed] _, _ in
      Response.json(.ok, ConsoleTraffic(await feed.history))
    }
    router.get("/console/events") { [feed] _, _ in try await Self.events(feed) }
  }

  private static func events(_ feed: ConsoleFeed) async throws -> Response {
    guard await feed.hasRoom else {
      throw Problem(
        .serviceUnavailable,
        "\(ConsoleFeed.maximumListeners) consoles are open already; close one.",
        headers: [.retryAfter: "5"])
    }
    return Response(
      status: .ok,
      headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
      body: .init { writer in
        // Not before the body is asked for: the answer to HEAD would listen for ever.
        if let listener = await feed.listen() {
          do {
            for await state in listener.states.cancelOnGracefulShutdown() {
              try await writer.write(ByteBuffer(string: EventText.event("state", data: state)))
            }
          } catch {
            await feed.leave(listener)
            throw error
          }
          await feed.leave(listener)
        }
        try await writer.finish(nil)
      })
  }

  private struct Access: Encodable {
    let needsToken: Bool
  }
}

/// Server-sent events as the HTML standard writes them.
enum EventText {
  /// One event; data of several lines becomes several fields.
  static func event(_ name: String, data: String) -> String {
    let lines = data.split(omittingEmptySubsequences: false) { $0.isNewline }
    return "event: \(name)\n" + lines.map { "data: \($0)\n" }.joined() + "\n"
  }
}
