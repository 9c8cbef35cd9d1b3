// SPDX-License-Identifier: Apache-2.0

internal import TransactionalMessaging

/// All strikes of a run, which follow from its settings alone.
///
/// Strikes come in rounds: each round has every crash point, every signal and every server once,
/// and some poison, in an order of its own, so that no point is left to luck.
package struct TortureSchedule: Sendable, Equatable {
  /// In the order of their times.
  package let strikes: [Strike]

  package init(_ settings: TortureSettings) {
    var random = SeededGenerator(seed: settings.seed)
    var actions: [Strike.Action] = []
    var kills = 0
    while kills < settings.kills {
      for action in Self.round(settings, using: &random).shuffled(using: &random) {
        guard kills < settings.kills else { break }
        if action.isKill { kills += 1 }
        actions.append(action)
      }
    }
    let step = Double(settings.duration) / Double(max(1, actions.count))
    strikes = actions.indices.map { place in
      let shift = Double.random(in: 0..<1, using: &random)
      return Strike(
        at: Int64((Double(place) + shift) * step), index: Int.random(in: 0..<64, using: &random),
        action: actions[place])
    }
  }

  private static func round(
    _ settings: TortureSettings, using random: inout SeededGenerator
  ) -> [Strike.Action] {
    var actions: [Strike.Action] = []
    let roles = TortureRole.allCases.filter { role in settings.seats.contains { $0.role == role } }
    for role in roles {
      for point in CrashPoint.points(of: role) {
        actions.append(.crash(role, point, passage: Int.random(in: 1...5, using: &random)))
      }
      actions.append(.kill(role))
      // Past the lease, so that another takes over and the stopped one comes back.
      let length = settings.lease + Int64.random(in: 50...settings.lease, using: &random)
      actions.append(.stop(role, milliseconds: length))
    }
    // Two, so that now and then a dead letter waits behind another.
    actions += [.poison, .poison]
    actions += CrashPoint.points(of: .operator).map { .crash(.operator, $0, passage: 1) }
    if settings.store == .postgresql {
      actions.append(.killDatabase)
      actions.append(.cutReply(.writer))
      actions.append(.cutReply(settings.broker == .inProcess ? .node : .consumer))
    }
    if settings.broker.isServer {
      actions.append(.killBroker)
      for role in roles where role == .relay || role == .consumer {
        let length = Int64.random(in: 100...settings.lease * 2, using: &random)
        actions.append(.partition(role, milliseconds: length))
      }
    }
    return actions
  }
}
