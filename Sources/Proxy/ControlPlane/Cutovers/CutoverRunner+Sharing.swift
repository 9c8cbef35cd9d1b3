// SPDX-License-Identifier: Apache-2.0

internal import CutoverControl
internal import Logging
internal import ProxyDataPlane
internal import RoutingDecisions
internal import ServiceLifecycle

/// What a proxy is called among those that share a journal.
package struct ReplicaName: Sendable, Equatable {
  /// Of this process alone.
  package let id: String
  /// For people.
  package let name: String
  /// Where its admin API listens; nil without one.
  package let admin: String?
  /// What the machine is called that it runs on.
  package let machine: String?

  package init(id: String, name: String, admin: String?, machine: String? = nil) {
    self.id = id
    self.name = name
    self.admin = admin
    self.machine = machine
  }
}

/// What a proxy knows of those that share its journal.
struct SharingState: Sendable {
  /// Since when the journal cannot be reached, milliseconds since 1970, and why.
  var cutOff: (since: Int64, reason: String)?
  /// The lease that this proxy holds.
  var lease: Int64?
  /// What all told last.
  var exchange: ReplicaExchange?
  /// When this proxy told its first report, milliseconds since 1970.
  var joined: Int64?
  /// Former processes in whose place this one has come.
  var replaced: [String] = []
  /// Entries are gone from the journal that were seen, by what all told last.
  var loss: CutoverJournalError?
  var counts = SharedCounts()
  /// The journal could be read when it was last looked at; else others had better lead.
  var canRead = true
}

/// Several proxies with one journal.
///
/// All follow it: each entry is read as soon as it is told of, and its moves are made. One leads by
/// a lease: it asks the gates, of the counts of all, and writes what comes of it. Orders that raise
/// or hold go to that one, since it alone has the evidence of now; whatever takes users back any
/// proxy does at once and appends itself, so that it needs nobody to be there.
///
/// A proxy that cannot reach the journal keeps the shares it has. It raises nothing; its gates go
/// on judging its own traffic, and they and people may take users back, which is written later.
extension CutoverRunner {
  private var shared: (any SharedCutoverJournal)? {
    replica == nil ? nil : journal as? any SharedCutoverJournal
  }

  /// Other proxies use the journal too.
  package nonisolated var isShared: Bool { replica != nil }

  /// What takes users back is done here.
  var mayTakeBack: Bool { isLeading || replica != nil }

  /// The gates are asked here.
  var isJudging: Bool { isLeading || sharing.cutOff != nil }

  /// Why an order is not taken that only the leader takes.
  var notLeading: CutoverRefusal {
    guard replica != nil else { return .notLeading }
    if let cutOff = sharing.cutOff { return .cutOff(reason: cutOff.reason) }
    let leader = sharing.exchange.flatMap { exchange in
      exchange.replicas.first { $0.report.id == exchange.leader }?.report
    }
    return .following(leader: leader?.name, admin: leader?.admin)
  }

  /// Another proxy leads.
  func standDown() {
    isLeading = false
    sharing.lease = nil
    restoreMachines()
    watchShared()
  }

  /// A follower counts for the leader.
  func watchShared() {
    if replica != nil { watchTraffic() }
  }

  /// Tells the others and hears from them, before the first connection.
  ///
  /// - Throws: `CutoverJournalError` when others have seen entries that the journal has lost. Who
  ///   runs already keeps the shares that it has; who starts has none but those of back then, which
  ///   may send users to what was taken back since.
  package func join() async throws {
    await exchange()
    if let loss = sharing.loss { throw loss }
  }

  // MARK: - Each second

  /// Tells the others where this proxy stands, and hears where they do.
  package func exchange() async {
    guard let shared, let replica else { return }
    var report = ReplicaReport(
      id: replica.id, name: replica.name, admin: replica.admin, sequence: replay.sequence,
      head: chain?.head.description, configurationHash: configurationHash)
    report.machine = replica.machine
    report.replaces = sharing.replaced.isEmpty ? nil : sharing.replaced
    report.mayLead = sharing.canRead
    report.counts = sharing.counts.own
    report.services = countedServices
    report.compared = sharing.counts.ownCompared
    report.rulings = rulings(of: Set(sharing.counts.ownCompared.keys))
    let now = unixMilliseconds()
    let heard: ReplicaExchange
    do {
      heard = try await shared.exchange(report)
    } catch {
      return isCutOff("\(error)")
    }
    let joined = sharing.joined ?? now
    sharing.joined = joined
    sharing.replaced = heard.predecessors(of: report, present: now - joined)
    do {
      try await line.run { [report] in try await self.take(heard, since: report) }
      sharing.canRead = true
    } catch {
      sharing.canRead = false
      // Such as a journal that is not what was written. Who cannot rely on it leads nobody.
      if (error as? CutoverJournalError)?.code == .broken, isLeading { standDown() }
      isCutOff("\(error)")
    }
  }

  private func take(_ heard: ReplicaExchange, since report: ReplicaReport) async throws {
    sharing.loss = heard.loss(since: report)
    if let loss = sharing.loss { throw loss }
    let wasCutOff = sharing.cutOff != nil
    let leads = heard.leader == replica?.id
    sharing.exchange = heard
    sharing.counts.hear(
      heard.replicas, own: replica?.id ?? "", services: judgedServices,
      rulings: rulings(of: Set(judgedServices.keys)))
    if wasCutOff || leads != isLeading || heard.sequence != replay.sequence { try await catchUp() }
    sharing.cutOff = nil
    sharing.lease = leads ? heard.lease : nil
    if wasCutOff { logger.notice("journal is reached again", metadata: ["leads": "\(leads)"]) }
    if leads, !isLeading {
      logger.notice("this proxy leads", metadata: ["lease": "\(heard.lease)"])
      // Its own states are as old as the last entry about them.
      restoreMachines()
      await lead()
    } else if !leads, isLeading {
      logger.notice("another proxy leads", metadata: ["leader": "\(heard.leader ?? "nobody")"])
      standDown()
    } else if wasCutOff, !leads {
      restoreMachines()
    }
    watchShared()
  }

  /// How this proxy serves a plan's routes: the same where the same upstreams answer the same
  /// requests, and where the plan goes by comparisons, by the same rules of comparison.
  func services(of plan: CutoverPlan) -> [String: String] {
    services(of: plan.routes, compared: plan.judgesComparisons ? Set(plan.routes) : [])
  }

  /// The same of the routes that are counted, for other proxies.
  var countedServices: [String: String] {
    let plans = machines.values.filter(\.isWatched).map(\.plan)
    let compared = plans.filter(\.judgesComparisons).flatMap(\.routes)
    return services(of: sharing.counts.own.keys, compared: Set(compared))
  }

  private func services(
    of routes: some Sequence<String>, compared: Set<String>
  ) -> [String: String] {
    let configuration = routing.loaded
    return Dictionary(
      routes.compactMap { route in
        let text =
          compared.contains(route)
          ? configuration.comparisonText(ofRoute: route) : configuration.serviceText(ofRoute: route)
        return text.map { text in
          (route, String(JournalHash(of: Array(text.utf8)).description.prefix(16)))
        }
      }, uniquingKeysWith: { $1 })
  }

  /// How the routes under a cutover are served by those whose success counts here.
  var judgedServices: [String: SharedCounts.Service] {
    var found: [String: SharedCounts.Service] = [:]
    for machine in machines.values where machine.isWatched {
      for (route, version) in services(of: machine.plan) {
        found[route] = SharedCounts.Service(version: version, run: machine.run ?? 0)
      }
    }
    return found
  }

  private func isCutOff(_ reason: String) {
    if sharing.cutOff == nil {
      logger.error(
        "cut off from the journal: shares stay as they are, nothing is raised",
        metadata: ["reason": "\(reason)"])
    }
    sharing.cutOff = (sharing.cutOff?.since ?? unixMilliseconds(), reason)
  }

  // MARK: - As it happens

  /// Does what a shared journal asks for until shutdown.
  func share() async {
    guard let shared, let replica else { return }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.hear(shared) }
      group.addTask {
        let clock = ContinuousClock()
        try? await cancelWhenGracefulShutdown {
          while !Task.isCancelled {
            await self.exchange()
            try await clock.sleep(for: Self.interval)
          }
        }
      }
    }
    await shared.leave(replica.id)
  }

  private func hear(_ shared: any SharedCutoverJournal) async {
    await cancelWhenGracefulShutdown {
      for await news in shared.news {
        switch news {
        case .appended: await self.readNews()
        case .reachable: await self.exchange()
        case .cutOff(let reason): await self.isCutOff(reason)
        }
      }
    }
  }

  private func readNews() async {
    do {
      try await line.run {
        // Its own entries are told too.
        try await self.catchUp()
        await self.watchShared()
      }
    } catch {
      logger.error("journal cannot be read", metadata: ["error": "\(error)"])
    }
  }

  // MARK: - Ahead of the line

  /// Takes routes back before the order that wants it has its turn: whatever stands in the line may
  /// wait for the journal, the users do not.
  func takingBack(
    _ routes: [String], by order: CutoverOrder, _ inLine: () async throws -> Void
  ) async throws {
    let ahead = mayTakeBack ? routes.filter { (routing.percentages[$0] ?? .zero) > .zero } : []
    for route in ahead { takenBack[route, default: 0] += 1 }
    if !ahead.isEmpty {
      _ = try? routing.setPercentages(
        Dictionary(ahead.map { ($0, .zero) }, uniquingKeysWith: { $1 }), actor: order.actor,
        reason: order.reason, unixMilliseconds: unixMilliseconds())
    }
    func settle() {
      for route in ahead {
        let left = (takenBack[route] ?? 1) - 1
        takenBack[route] = left > 0 ? left : nil
      }
    }
    do {
      try await inLine()
    } catch {
      settle()
      // It was refused after all: the routes stand where the journal says.
      moveToJournaledShares()
      throw error
    }
    settle()
  }
}
