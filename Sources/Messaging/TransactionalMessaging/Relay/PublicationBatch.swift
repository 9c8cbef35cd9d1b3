// SPDX-License-Identifier: Apache-2.0

/// Publishes a batch in parallel across aggregates and one event at a time within each.
///
/// A rejected event ends its aggregate's lane; an unavailable broker ends the batch. Nothing is
/// decided here about cursors: `RelayStateMachine` reads the lanes when the batch has settled.
package struct PublicationBatch: Sendable {
  /// The events of one aggregate, in order.
  package struct Lane: Sendable {
    package let aggregate: AggregateKey
    package let events: [AppendedEvent]
    /// How many events from the front are acknowledged.
    package private(set) var acknowledged = 0
    /// Set when the event behind the acknowledged ones was rejected.
    package private(set) var rejection: String?
    fileprivate var inFlight = false

    /// The first event that is not acknowledged.
    package var firstOpen: AppendedEvent? {
      acknowledged < events.count ? events[acknowledged] : nil
    }

    /// An event has a dozen parts, each of which a copy would count.
    fileprivate var firstOpenSequence: Int64? {
      acknowledged < events.count ? events[acknowledged].sequence : nil
    }

    fileprivate mutating func finish(_ failure: PublishFailure?) {
      inFlight = false
      switch failure {
      case nil: acknowledged += 1
      case .rejected(let reason): rejection = reason
      case .unavailable: break
      }
    }
  }

  /// One event under way.
  package struct Publication: Sendable {
    /// Its aggregate's lane.
    package let lane: Int
    package let event: AppendedEvent

    package init(lane: Int, event: AppendedEvent) {
      self.lane = lane
      self.event = event
    }
  }

  package private(set) var lanes: [Lane]
  /// Why nothing more is started, nil while all is well.
  package private(set) var outage: String?
  private let concurrency: Int
  /// How many publications were started and not reported.
  package private(set) var inFlight = 0
  private var ready: [Int]
  private var openLanes: Int

  /// Creates a batch; the events of one aggregate must be in order.
  package init(_ events: [AppendedEvent], concurrency: Int) {
    var grouped: [[AppendedEvent]] = []
    var laneOfAggregate: [AggregateKey: Int] = [:]
    for event in events {
      let aggregate = event.event.aggregate
      if let lane = laneOfAggregate[aggregate] {
        grouped[lane].append(event)
      } else {
        laneOfAggregate[aggregate] = grouped.count
        grouped.append([event])
      }
    }
    lanes = grouped.map { Lane(aggregate: $0[0].event.aggregate, events: $0) }
    openLanes = lanes.count
    self.concurrency = max(1, concurrency)
    ready = Array(lanes.indices.reversed())
  }

  /// True when nothing is in flight and nothing more will be started.
  package var isSettled: Bool { inFlight == 0 && (ready.isEmpty || outage != nil) }

  /// True when every event is acknowledged.
  package var isAcknowledged: Bool { openLanes == 0 }

  /// Events to publish now; call it at the start and after `finished`.
  package mutating func start() -> [Publication] {
    var started: [Publication] = []
    while outage == nil, inFlight < concurrency, let lane = ready.popLast() {
      guard let event = lanes[lane].firstOpen else { continue }
      lanes[lane].inFlight = true
      inFlight += 1
      started.append(Publication(lane: lane, event: event))
    }
    return started
  }

  /// Starts nothing more; what is in flight still counts.
  package mutating func close(because reason: String) { outage = outage ?? reason }

  /// Reports the end of a publication that `start` asked for.
  package mutating func finished(_ publication: Publication, failure: PublishFailure?) {
    finished(lane: publication.lane, sequence: publication.event.sequence, failure: failure)
  }

  /// Reports the end of a publication, given by its lane and its event's sequence.
  package mutating func finished(lane: Int, sequence: Int64, failure: PublishFailure?) {
    guard lanes[lane].inFlight, lanes[lane].firstOpenSequence == sequence else { return }
    inFlight -= 1
    lanes[lane].finish(failure)
    if case .unavailable(let reason) = failure { outage = outage ?? reason }
    guard failure == nil else { return }
    if lanes[lane].firstOpenSequence == nil { openLanes -= 1 } else { ready.append(lane) }
  }
}
