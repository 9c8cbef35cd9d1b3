// SPDX-License-Identifier: Apache-2.0

internal import CutoverControl
internal import Hummingbird

/// `/journal`: what was done, by whom and why; whether that is what was written; and back to any of
/// its entries.
struct JournalController {
  private static let example = #"{"to": 17, "actor": "ann", "reason": "..."}"#
  /// Entries of a page unless asked for others.
  static let pageSize = 100

  /// nil when the configuration names no journal.
  let runner: CutoverRunner?

  func addRoutes(to router: some RouterMethods<AdminRequestContext>) {
    router.get("/journal") { request, _ in try await page(request) }
    router.get("/journal/verify") { _, _ in
      let journal = try running().journal
      return Response.json(.ok, try await reading { try await journal.verdict() })
    }
    router.post("/journal/revert") { request, context in
      let body = try await OrderBody(request, ["to", "skip-gates"], example: Self.example)
      let target = try body.sequence("to")
      let skipsGates = try body.flag("skip-gates", default: false)
      let order = try body.order(context)
      let runner = try running()
      let status = try await reading {
        try await CutoversController.carryOut(runner) {
          try await runner.revert(to: target, skipsGates: skipsGates, by: order)
        }
      }
      return Response.json(status, await runner.overview())
    }
  }

  private func page(_ request: Request) async throws -> Response {
    let journal = try running().journal
    let after = try number("after", in: 0...WholeNumber.largest, request) ?? 0
    let limit =
      try number("limit", in: 1...UInt64(JournalPage.limit), request) ?? UInt64(Self.pageSize)
    return .json(
      .ok, try await reading { try await journal.page(after: after, limit: Int(limit)) })
  }

  private func number(
    _ name: Substring, in range: ClosedRange<UInt64>, _ request: Request
  ) throws -> UInt64? {
    guard let text = request.uri.queryParameters[name] else { return nil }
    guard let number = WholeNumber.parse(text), range.contains(number) else {
      throw Problem(
        .badRequest,
        "\(name): expected a whole number from \(range.lowerBound) to \(range.upperBound), found "
          + "\"\(text)\".")
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
