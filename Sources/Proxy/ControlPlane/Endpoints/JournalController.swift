// SPDX-License-Identifier: Apache-2.0

internal import CutoverControl
internal import Hummingbird

/// `/journal`: what was done, by whom and why; whether that is what was written; and back to any of
/// its entries.
struct JournalController {
  private static let example = #"{"to": 17, "actor": "ann", "reason": "..."}"#
  /// Entries of a page unless asked for others.
  private static let pageSize = 100

  /// nil when the configuration names no journal.
  let runner: CutoverRunner?

  func addRoutes(to router: some RouterMethods<AdminRequestContext>) {
    router.get("/journal") { request, _ in try await page(request) }
    router.get("/journal/verify") { _, _ in
      let journal = try running().journal
      return Response.json(.ok, try await reading { try await journal.verdict() })
    }
    router.post("/journal/revert") { request, context in
      let body = try await OrderBody(request, ["to"], example: Self.example)
      let target = try body.sequence("to")
      let order = try body.order(request, context)
      let runner = try running()
      try await reading {
        try await CutoversController.carryOut { try await runner.revert(to: target, by: order) }
      }
      return Response.json(.ok, await runner.overview())
    }
    router.refuse([.put, .post, .patch, .delete], "/journal", allow: "GET, HEAD")
    router.refuse([.put, .post, .patch, .delete], "/journal/verify", allow: "GET, HEAD")
    router.refuse([.get, .put, .patch, .delete], "/journal/revert", allow: "POST")
  }

  private func page(_ request: Request) async throws -> Response {
    let journal = try running().journal
    let after = try number("after", request) ?? 0
    let limit = try number("limit", request) ?? UInt64(Self.pageSize)
    return .json(
      .ok,
      try await reading { try await journal.page(after: after, limit: Int(clamping: limit)) })
  }

  private func number(_ name: Substring, _ request: Request) throws -> UInt64? {
    guard let text = request.uri.queryParameters[name] else { return nil }
    guard let number = UInt64(text) else {
      throw Problem(.badRequest, "\(name): expected a whole number, found \"\(text)\".")
    }
    return number
  }

  private func running() throws -> CutoverRunner {
    guard let runner else { throw Problem.noJournal }
    return runner
  }

  private func reading<Value>(_ read: () async throws -> Value) async throws -> Value {
    do {
      return try await read()
    } catch let error as CutoverJournalError {
      throw Problem(.serviceUnavailable, "\(error)")
    }
  }
}
