// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import TransactionalMessaging

/// JetStream's interface: JSON in requests to subjects that begin with `$JS.API`
/// (https://docs.nats.io/reference/reference-protocols/nats_api_reference). Times are nanoseconds.
enum JetStreamAPI {
  static let nanoseconds: Int64 = 1_000_000

  static func streamInfo(_ stream: String) -> String { "$JS.API.STREAM.INFO.\(stream)" }
  static func createStream(_ stream: String) -> String { "$JS.API.STREAM.CREATE.\(stream)" }
  static func consumerInfo(_ stream: String, _ consumer: String) -> String {
    "$JS.API.CONSUMER.INFO.\(stream).\(consumer)"
  }
  static func createConsumer(_ stream: String, _ consumer: String) -> String {
    "$JS.API.CONSUMER.DURABLE.CREATE.\(stream).\(consumer)"
  }
  static func pull(_ stream: String, _ consumer: String) -> String {
    "$JS.API.CONSUMER.MSG.NEXT.\(stream).\(consumer)"
  }

  struct Stream: Codable, Equatable {
    var name: String
    var subjects: [String]?
    var retention: String?
    var discard: String?
    var storage: String?
    var maxAge: Int64?
    var maxBytes: Int64?
    var replicas: Int?
    var duplicateWindow: Int64?
    var noAck: Bool?
    var sealed: Bool?

    enum CodingKeys: String, CodingKey {
      case name, subjects, retention, discard, storage, sealed
      case maxAge = "max_age"
      case maxBytes = "max_bytes"
      case replicas = "num_replicas"
      case duplicateWindow = "duplicate_window"
      case noAck = "no_ack"
    }
  }

  struct StreamAnswer: Decodable {
    var config: Stream
  }

  struct Consumer: Codable, Equatable {
    var durable: String?
    var deliverPolicy: String?
    var deliverSubject: String?
    var ackPolicy: String?
    var ackWait: Int64?
    var maxDeliver: Int?
    var maxAckPending: Int?
    var filterSubject: String?
    var replayPolicy: String?

    enum CodingKeys: String, CodingKey {
      case durable = "durable_name"
      case deliverPolicy = "deliver_policy"
      case deliverSubject = "deliver_subject"
      case ackPolicy = "ack_policy"
      case ackWait = "ack_wait"
      case maxDeliver = "max_deliver"
      case maxAckPending = "max_ack_pending"
      case filterSubject = "filter_subject"
      case replayPolicy = "replay_policy"
    }
  }

  struct CreateConsumer: Encodable {
    var stream: String
    var config: Consumer

    enum CodingKeys: String, CodingKey {
      case stream = "stream_name"
      case config
    }
  }

  struct ConsumerAnswer: Decodable {
    var config: Consumer
  }

  struct Pull: Encodable {
    var batch: Int
    var expires: Int64
  }

  static func encode(_ value: some Encodable) -> [UInt8] {
    // Strings and numbers only: nothing that JSON could not hold.
    ((try? JSONEncoder().encode(value)).map { Array($0) }) ?? []
  }

  /// What an answer holds, or why there is none.
  static func decode<Answer: Decodable>(
    _ type: Answer.Type, from message: NATSMessage
  ) -> Result<Answer, JetStreamRefusal> {
    if let refusal = JetStreamRefusal(message) { return .failure(refusal) }
    do {
      return .success(try JSONDecoder().decode(type, from: Data(message.payload)))
    } catch {
      return .failure(
        JetStreamRefusal(number: 0, text: "an answer that cannot be read: \(error)"))
    }
  }
}

/// A server's no.
struct JetStreamRefusal: Error, Equatable {
  private struct Envelope: Decodable {
    struct Content: Decodable {
      var number: Int?
      var text: String?

      enum CodingKeys: String, CodingKey {
        case number = "err_code"
        case text = "description"
      }
    }
    var error: Content?
  }

  /// Nobody listens on the subject.
  static let nobodyListens = 503
  static let consumerNotFound = 10_014
  static let streamNotFound = 10_059

  private static let mark = Array("\"error\"".utf8)

  /// JetStream's number, or 503.
  var number: Int
  var text: String

  init(number: Int, text: String) {
    self.number = number
    self.text = text
  }

  /// Nil when the answer is no refusal.
  init?(_ answer: NATSMessage) {
    if let status = answer.status, status >= 300 {
      self.init(number: status, text: answer.headers["Description"] ?? "status \(status)")
      return
    }
    // Nearly every answer is a short yes; it costs no decoding.
    guard answer.payload.contains(Self.mark) else { return nil }
    guard
      let envelope = try? JSONDecoder().decode(Envelope.self, from: Data(answer.payload)),
      let error = envelope.error
    else { return nil }
    self.init(number: error.number ?? 0, text: error.text ?? "without a reason")
  }
}

extension JetStreamRefusal {
  /// What it means for whoever publishes to, or reads from, that stream.
  func meaning(stream: String, subject: String) -> BrokerError {
    switch number {
    case Self.nobodyListens:
      BrokerError(
        .missing,
        """
        no stream takes the subject \(subject), or the server runs without JetStream: create \
        stream \(stream) with that subject, or start nats-server with -js
        """)
    case 10_039, 10_076:
      BrokerError(
        .unsuitable,
        "JetStream is off (\(text)): start nats-server with -js and allow it for the account")
    case Self.streamNotFound:
      BrokerError(.missing, "there is no stream \(stream): create it, or let it be created")
    case 10_060:
      BrokerError(
        .missing,
        "the subject \(subject) belongs to another stream than \(stream): name that one")
    case 10_054:
      BrokerError(
        .message,
        """
        the message is larger than stream \(stream) takes: raise its max_msg_size, or keep the \
        content elsewhere and send a reference (payload_ref)
        """)
    case 10_077, 10_047, 10_028, 10_023, 10_002:
      BrokerError(
        .notStored,
        """
        stream \(stream) is full (\(text)): raise its limits or the account's, free its disk, or \
        let consumers catch up; events wait in the outbox meanwhile
        """)
    case 10_109:
      BrokerError(.unsuitable, "stream \(stream) is sealed: it takes no more messages")
    default:
      BrokerError(.refused(number), "stream \(stream): \(text) (JetStream's error \(number))")
    }
  }
}

extension [UInt8] {
  /// Whether these bytes stand somewhere in it.
  func contains(_ part: [UInt8]) -> Bool {
    guard let first = part.first, count >= part.count else { return part.isEmpty }
    for start in 0...(count - part.count) where self[start] == first {
      if self[start..<(start + part.count)].elementsEqual(part) { return true }
    }
    return false
  }
}
