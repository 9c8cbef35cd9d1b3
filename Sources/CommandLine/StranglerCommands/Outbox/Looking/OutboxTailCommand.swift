// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import Foundation
internal import RoutingDecisions
internal import TransactionalMessaging

struct OutboxTailCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tail",
    abstract: "Show events as they commit, whatever relays do.",
    discussion: """
      Shows the last events and then each one as its transaction commits, until it is interrupted.
      It takes no lease and changes nothing. Within an aggregate events come in order; one that
      commits late stands behind others with a larger sequence. A database that cannot be reached
      for a while is waited for.

      The format json has one object a line; a payload that is no JSON stands in payloadBase64.

      EXAMPLES
        strangler outbox tail --config strangler.yaml --aggregate order/42
        strangler outbox tail --database shop.sqlite --aggregate-type order --type order-placed
        strangler outbox tail --config strangler.yaml --last 1000 --no-follow --format json
      """)

  /// Waits between looks at an outbox in which nothing happens: from the first to the last.
  private static let waits = (
    shortest: Duration.milliseconds(20), longest: Duration.milliseconds(500)
  )
  /// Wait before a database is asked again that failed.
  private static let outage = Duration.seconds(1)
  /// Events that are read at once.
  private static let page = 500

  @OptionGroup var place: OutboxPlace

  @Option(help: "Only this aggregate, such as order/42.")
  var aggregate: String?

  @Option(help: "Only aggregates of this type.")
  var aggregateType: String?

  @Option(help: "Only events of this type.")
  var type: String?

  @Option(help: "Only events of this tenant.")
  var tenant: String?

  @Option(help: "Events that are shown from before, 0 to 100000.")
  var last = 10

  @Flag(inversion: .prefixedNo, help: "Go on with what commits.")
  var follow = true

  @Option(help: "text or json, one object a line.")
  var format = RoutesFormat.text

  func validate() throws {
    guard (0...100_000).contains(last) else {
      throw ValidationError("--last: expected 0 to 100000")
    }
    _ = try filter()
  }

  func run() async throws {
    let filter = try filter()
    try await place.reading { database in
      var tail = OutboxTail(database, filter)
      show(try await tail.begin(last: last))
      if follow { try await follow(&tail) }
    }
  }

  private func filter() throws -> OutboxTail.Filter {
    var filter = OutboxTail.Filter()
    filter.aggregateType = aggregateType
    filter.type = type
    filter.tenant = tenant
    guard let aggregate else { return filter }
    guard let slash = aggregate.firstIndex(of: "/"), aggregateType == nil else {
      throw ValidationError(
        "--aggregate: expected an aggregate such as order/42, without --aggregate-type")
    }
    filter.aggregateType = String(aggregate[..<slash])
    filter.aggregateID = String(aggregate[aggregate.index(after: slash)...])
    return filter
  }

  /// Until the process is interrupted.
  private func follow(_ tail: inout OutboxTail) async throws {
    var wait = Self.waits.shortest
    var isFailing = false
    while true {
      do {
        let events = try await tail.next(limit: Self.page)
        show(events)
        isFailing = false
        wait = events.isEmpty ? min(wait * 2, Self.waits.longest) : Self.waits.shortest
        if events.count == Self.page { continue }
      } catch let error as MessageStoreError {
        if !isFailing { Terminal.standardError.write("strangler: \(error); waiting for it\n") }
        isFailing = true
        wait = Self.outage
      }
      try await Task.sleep(for: wait)
    }
  }

  private func show(_ events: [AppendedEvent]) {
    for event in events {
      Terminal.standardOutput.write(
        format == .json ? EventLine.json(event) : EventLine.text(event, width: width))
    }
  }

  /// A person's lines fit the terminal; a file gets them whole.
  private var width: Int? {
    Terminal.standardOutput.isInteractive ? Terminal.standardOutput.width : nil
  }
}

/// One event, one line.
enum EventLine {
  static func text(_ appended: AppendedEvent, width: Int?) -> String {
    let event = appended.event
    let payload = String(validating: event.payload, as: UTF8.self).map(flat)
    let line =
      "\(UnixTime.text(event.occurredAt)) \(appended.sequence) \(event.aggregateType)/"
      + "\(event.aggregateID) v\(appended.version) \(event.type) "
      + (payload ?? "\(event.payload.count) bytes")
    return String(line.prefix(width ?? .max)) + "\n"
  }

  /// Without line breaks; other separators of lines may stand in texts of JSON.
  private static func flat(_ text: String) -> String {
    text.split { ["\n", "\r", "\r\n"].contains($0) }.joined(separator: " ")
  }

  private struct Envelope: Encodable {
    var sequence: Int64
    var id: String
    var aggregateType: String
    var aggregateID: String
    var aggregateVersion: Int64
    var type: String
    var schemaVersion: Int
    var occurredAt: Int64
    var headers: [String: String]
    var tenant: String?
    var payloadReference: String?
    var payloadBase64: String?
    var defect: String?
  }

  /// The payload stands in it as it is, byte by byte where it holds no line break.
  static func json(_ appended: AppendedEvent) -> String {
    let event = appended.event
    let payload = jsonText(event.payload)
    let envelope = Envelope(
      sequence: appended.sequence, id: event.id, aggregateType: event.aggregateType,
      aggregateID: event.aggregateID, aggregateVersion: appended.version, type: event.type,
      schemaVersion: event.schemaVersion, occurredAt: event.occurredAt, headers: event.headers,
      tenant: event.tenant, payloadReference: event.payloadReference,
      payloadBase64: payload == nil ? Data(event.payload).base64EncodedString() : nil,
      defect: appended.defect)
    let line = JSONText.encode(envelope, isPretty: false)
    guard let payload else { return line }
    // Behind the last member of the object.
    return "\(line.dropLast(2)),\"payload\":\(payload)}\n"
  }

  /// In one line; nil for what is no JSON. Line breaks stand between its parts only.
  private static func jsonText(_ payload: [UInt8]) -> String? {
    guard let text = String(validating: payload, as: UTF8.self),
      (try? JSONSerialization.jsonObject(with: Data(payload), options: .fragmentsAllowed)) != nil
    else { return nil }
    return flat(text)
  }
}
