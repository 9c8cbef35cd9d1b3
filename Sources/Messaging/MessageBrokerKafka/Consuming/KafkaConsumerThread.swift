// SPDX-License-Identifier: Apache-2.0

#if Kafka
  internal import Foundation
  internal import TransactionalMessaging

  /// The thread of one member of a group: takes messages while there is room for them, tells the
  /// group what is consumed, and hands partitions over. It sleeps until librdkafka or a handler
  /// rings; what waits in librdkafka meanwhile is bounded there.
  struct KafkaConsumerThread {
    /// Longest sleep, in milliseconds: librdkafka takes a thread that does not ask for what
    /// happened within `max.poll.interval.ms` for dead. And while the group could not be told
    /// something.
    private static let (idling, retrying): (Int64, Int64) = (60_000, 1_000)

    private let consumer: KafkaConsumer
    private let bell: KafkaBell
    private let client: KafkaClient
    private let group: String
    private let configuration: KafkaBrokerConfiguration
    private let intake: Intake
    private let listener: KafkaConsumer.Listener
    private var outage = Outage()
    /// What the group is being told.
    private var committing: Intake.Commit?
    /// It could not be told, and when that is tried again.
    private var isUntold = false
    private var telling: Int64 = 0
    /// Until when partitions are held that are to go; nil when none are.
    private var handover: Int64?

    init(
      _ consumer: KafkaConsumer, _ bell: KafkaBell, _ client: KafkaClient, group: String,
      _ configuration: KafkaBrokerConfiguration, _ intake: Intake,
      _ listener: KafkaConsumer.Listener
    ) {
      self.consumer = consumer
      self.bell = bell
      self.client = client
      self.group = group
      self.configuration = configuration
      self.intake = intake
      self.listener = listener
    }

    private static var now: Int64 { Int64(DispatchTime.now().uptimeNanoseconds / 1_000_000) }

    mutating func run() {
      let failure = work()
      intake.leave()
      if failure == nil { leave() }
      intake.unassigned()
      client.destroy()
      consumer.end(failure ?? BrokerError(.connection, "the connection was closed"))
    }

    /// Why it is over; nil when it was closed.
    private mutating func work() -> BrokerError? {
      var hasMore = false
      while !consumer.isClosing {
        if !hasMore { bell.wait(atMost: longest) }
        if let failure = hear() { return failure }
        handOver()
        hasMore = read()
        commit()
      }
      return nil
    }

    private var longest: Int64 {
      var longest = handover.map { $0 - Self.now } ?? Self.idling
      if isUntold { longest = min(longest, telling - Self.now) }
      return max(1, longest)
    }

    // MARK: - What happens

    private mutating func hear() -> BrokerError? {
      var failure: BrokerError?
      var happened: [Happened] = []
      client.hear { happening in
        switch happening.kind {
        case .error(let refusal): happened.append(.error(refusal))
        case .assigned:
          client.assign(happening)
          happened.append(.assigned)
        case .revoked: happened.append(.revoked)
        case .committed(let refusal): happened.append(.committed(refusal))
        default: break
        }
      }
      for happened in happened {
        if let ends = take(happened) { failure = failure ?? ends }
      }
      return failure
    }

    private enum Happened {
      case error(KafkaRefusal)
      case assigned
      case revoked
      case committed(KafkaRefusal?)
    }

    /// Why it is over; nil while it is not.
    private mutating func take(_ happened: Happened) -> BrokerError? {
      switch happened {
      case .error(let refusal): return heard(refusal)
      case .assigned:
        outage = Outage()
        intake.assigned()
        listener.assigned()
      case .revoked: revoked()
      case .committed(let refusal): committed(refusal)
      }
      return nil
    }

    private mutating func heard(_ refusal: KafkaRefusal) -> BrokerError? {
      let shown = "group \(group) at \(configuration.server.shown)"
      if refusal.endsClient { return refusal.meaning(shown) }
      outage.note(refusal)
      switch refusal.code {
      case KafkaRefusal.Code.allBrokersDown:
        if let meaning = outage.meaning(configuration.server) { listener.trouble(meaning) }
      // Brokers come and go; only when all are gone there is an outage.
      case _ where KafkaRefusal.Code.outage.contains(refusal.code): break
      case _ where KafkaRefusal.Code.unknownTopic.contains(refusal.code):
        listener.trouble(refusal.meaning("a topic"))
      default: listener.trouble(refusal.meaning(shown))
      }
      return nil
    }

    // MARK: - Messages

    /// - Returns: whether more are there, and there is room for them.
    private mutating func read() -> Bool {
      guard handover == nil else { return false }
      let intake = intake
      let areLeft = client.read(while: { intake.hasRoom }) { happening in
        happening.eachMessage { intake.came($0) }
      }
      return areLeft && intake.hasRoom
    }

    // MARK: - Positions

    private mutating func commit() {
      guard committing == nil, Self.now >= telling else { return }
      isUntold = false
      guard let commit = intake.takeCommit() else { return }
      if client.commit(commit.places) { committing = commit } else { failed(commit) }
    }

    private mutating func failed(_ commit: Intake.Commit) {
      intake.giveBack(commit)
      isUntold = true
      telling = Self.now + Self.retrying
    }

    private mutating func committed(_ refusal: KafkaRefusal?) {
      guard let commit = committing else { return }
      committing = nil
      guard let refusal else { return listener.committed(commit.count) }
      failed(commit)
      if KafkaRefusal.Code.rebalancing.contains(refusal.code) {
        // Others may have the partitions: they begin where the group knows, and some come again.
        if handover != nil { handover = Self.now }
      } else {
        listener.trouble(refusal.meaning("group \(group), positions"))
      }
    }

    // MARK: - Handing over

    private mutating func revoked() {
      intake.leave()
      if !consumer.isClosing { listener.leaving() }
      // Others have them already: nothing to wait for.
      handover = client.hasLostAssignment ? Self.now : Self.now + max(0, configuration.handover)
    }

    /// Lets partitions go when handlers have ended and the group knows what is consumed, or when
    /// that takes too long.
    private mutating func handOver() {
      guard let end = handover else { return }
      if Self.now < end {
        guard intake.isIdle else { return }
        commit()
        guard committing == nil, !isUntold else { return }
      }
      letGo()
    }

    /// Tells the group what is consumed and leaves it; the others need not wait for the session's
    /// end then.
    private mutating func leave() {
      let end = Self.now + max(1_000, configuration.server.answering)
      telling = 0
      while Self.now < end {
        commit()
        if committing == nil || isUntold { break }
        bell.wait(atMost: end - Self.now)
        _ = hear()
        if isUntold { break }
      }
      guard client.leave() else { return }
      while !client.hasLeft, Self.now < end {
        letGo()
        bell.wait(atMost: end - Self.now)
        _ = hear()
      }
    }

    /// Lets partitions go that are to.
    private mutating func letGo() {
      guard handover != nil else { return }
      handover = nil
      committing = nil
      isUntold = false
      telling = 0
      intake.unassigned()
      client.unassign()
    }
  }
#endif
