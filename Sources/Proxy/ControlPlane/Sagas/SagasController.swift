// SPDX-License-Identifier: Apache-2.0

internal import Hummingbird

/// `/sagas`: business processes over several services, to look at.
struct SagasController {
  /// Longest name and id that is asked for, in characters.
  static let longestName = 128

  /// nil when the configuration names no store of sagas.
  let source: (any SagaSource)?

  func addRoutes(to router: some RouterMethods<AdminRequestContext>) {
    router.get("/sagas") { request, _ in
      let question = try Self.question(request)
      let source = try running()
      let sagas = try await Self.answering { try await source.sagas(question) }
      return Response.json(.ok, Listing(sagas: sagas))
    }
    router.get("/sagas/{id}") { _, context in
      let id = try context.parameters.require("id")
      let source = try running()
      guard id.unicodeScalars.count <= Self.longestName,
        let timeline = try await Self.answering({ try await source.timeline(of: id) })
      else { throw Problem(.notFound, "There is no saga \"\(id)\". GET /sagas lists them.") }
      return Response.json(.ok, timeline)
    }
  }

  private struct Listing: Encodable {
    let sagas: [SagaStatus]
  }

  private static func question(_ request: Request) throws -> SagaQuestion {
    var question = SagaQuestion()
    let parameters = request.uri.queryParameters
    if let text = parameters["state"] {
      guard let state = SagaStatus.State(rawValue: String(text)) else {
        let states = SagaStatus.State.allCases.map(\.rawValue).joined(separator: ", ")
        throw Problem(.badRequest, "state: expected one of \(states), found \"\(text)\".")
      }
      question.state = state
    }
    if let text = parameters["saga"] {
      guard (1...longestName).contains(text.unicodeScalars.count) else {
        throw Problem(.badRequest, "saga: expected a name of 1 to \(longestName) characters.")
      }
      question.saga = String(text)
    }
    if let text = parameters["limit"] {
      let limits = SagaQuestion.limits
      guard let number = WholeNumber.parse(text), let limit = Int(exactly: number),
        limits.contains(limit)
      else {
        throw Problem(
          .badRequest,
          "limit: expected a whole number from \(limits.lowerBound) to \(limits.upperBound), found "
            + "\"\(text)\".")
      }
      question.limit = limit
    }
    return question
  }

  private func running() throws -> any SagaSource {
    guard let source else {
      throw Problem(
        .conflict,
        "This proxy knows no sagas: its configuration has no section outbox that names a database.")
    }
    return source
  }

  private static func answering<Value: Sendable>(
    _ body: () async throws -> Value
  ) async throws -> Value {
    do {
      return try await body()
    } catch SagaRefusal.unusable(let text) {
      throw Problem(.serviceUnavailable, text)
    }
  }
}
