// SPDX-License-Identifier: Apache-2.0

#if NATS
  import Foundation
  import MessageBrokerNATS
  import ServerPrograms
  import TransactionalMessaging

  /// Whoever makes and changes streams beside the broker under test.
  final class StreamAdministrator {
    struct Refused: Error, CustomStringConvertible {
      let description: String
    }

    private let connection: NATSConnection
    let stream: String

    init(_ server: NATSServer, stream: String = "EVENTS") async throws {
      connection = try await NATSConnection.open(server, as: "administrator")
      self.stream = stream
    }

    deinit { connection.close() }

    /// Makes the stream, or changes it.
    ///
    /// - Parameter settings: JSON members besides its name, subjects and storage.
    func make(_ settings: [String: Any] = [:], changing: Bool = false) async throws {
      let all = [
        "name": stream, "subjects": ["outbox.event.>"], "storage": "file", "num_replicas": 1,
        "discard": "new",
      ].merging(settings) { _, new in new }
      try await ask(
        "STREAM.\(changing ? "UPDATE" : "CREATE")", JSONSerialization.data(withJSONObject: all))
    }

    func delete() async throws { try await ask("STREAM.DELETE") }

    /// Makes a durable pull consumer.
    ///
    /// - Parameter settings: JSON members besides those that every group needs.
    func makeConsumer(_ name: String, _ settings: [String: Any] = [:]) async throws {
      let all: [String: Any] = [
        "durable_name": name, "deliver_policy": "all", "ack_policy": "explicit",
        "max_deliver": -1, "replay_policy": "instant",
      ].merging(settings) { _, new in new }
      try await ask(
        "CONSUMER.DURABLE.CREATE",
        JSONSerialization.data(
          withJSONObject: ["stream_name": stream, "config": all] as [String: Any]),
        of: "\(stream).\(name)")
    }

    /// The messages that the stream has, by their `number`, in order.
    func numbers() async throws -> [String] {
      var numbers: [String] = []
      var sequence = 1
      while let message = try await message(from: sequence) {
        numbers.append(message.number)
        sequence = message.sequence + 1
      }
      return numbers
    }

    private func message(from sequence: Int) async throws -> (number: String, sequence: Int)? {
      let answer: [String: Any]
      do {
        answer = try await ask(
          "STREAM.MSG.GET", Data("{\"seq\": \(sequence), \"next_by_subj\": \">\"}".utf8))
      } catch let error as Refused where error.description.contains("no message found") {
        return nil
      }
      guard let message = answer["message"] as? [String: Any],
        let headers = (message["hdrs"] as? String).flatMap({ Data(base64Encoded: $0) }),
        let found = message["seq"] as? Int
      else { throw Refused(description: "\(answer)") }
      let lines = String(decoding: headers, as: UTF8.self).split(separator: "\r\n")
      let number = lines.first { $0.hasPrefix("number:") }?.split(separator: ":")[1]
      return (number?.trimmingCharacters(in: .whitespaces) ?? "?", found)
    }

    @discardableResult
    private func ask(
      _ what: String, _ payload: Data = Data(), of subject: String? = nil
    ) async throws -> [String: Any] {
      let answer = try await connection.request(
        NATSMessage("$JS.API.\(what).\(subject ?? stream)", payload: Array(payload)))
      guard
        let content = try JSONSerialization.jsonObject(with: Data(answer.payload))
          as? [String: Any]
      else { throw Refused(description: "no JSON: \(answer)") }
      if let error = content["error"] { throw Refused(description: "\(what): \(error)") }
      return content
    }
  }
#endif
