// SPDX-License-Identifier: Apache-2.0

/// What another configuration changes, in the words in which somebody would decide on it.
///
/// Percentages can be set live, beside the file. A live one stays unless the file's own value for
/// the route changed since it was read: whoever edits the number in the file means it.
public struct ConfigurationChange: Sendable, Equatable {
  /// One thing that changes.
  public struct Item: Sendable, Equatable, Encodable {
    /// What becomes of the subject.
    public enum Kind: String, Sendable, Encodable {
      case added, removed, changed
      /// The file says otherwise, but the live value stays.
      case kept
      /// Only a new process can take it up.
      case refused
    }

    /// What becomes of the subject.
    public let kind: Kind
    /// What it is about, such as `route orders`, `upstream legacy`, `proxy.timeouts.connect`.
    public let subject: String
    /// What happens, such as `moves 7 % of the users of GET /orders/** from legacy to orders`.
    public let text: String
  }

  /// Why a raise in a file moves nobody.
  public enum Hold: Sendable {
    /// No route takes more users than it has; raises are taken up afterwards.
    case frozen
    /// The kill switch is on: everybody stays with legacy, also once it is off.
    case killSwitch
  }

  /// Everything that changes: routes first, then upstreams, then settings.
  public private(set) var items: [Item] = []
  /// Percentages in force after the change that the new file does not name, by index of the route.
  private(set) var keptPercentages: [Int: Percentage] = [:]

  /// What cannot change while the proxy runs; not empty means that nothing is changed.
  public var refusals: [Item] { items.filter { $0.kind == .refused } }

  /// Compares two configurations.
  ///
  /// - Parameters:
  ///   - running: what is in force, live percentages included.
  ///   - loaded: what the file said when `running` was read from it; nil when nothing was set live.
  ///   - next: what is to be in force.
  ///   - hold: why no route takes more users than it has; nil when nothing keeps them.
  public init(
    from running: ProxyConfiguration, loaded: ProxyConfiguration? = nil,
    to next: ProxyConfiguration, hold: Hold? = nil
  ) {
    compareRoutes(running, loaded ?? running, next, hold)
    compareUpstreams(running, next)
    compareCutovers(running, next)
    compareSettings(running, next)
  }

  mutating func add(_ kind: Item.Kind, _ subject: String, _ text: String) {
    items.append(Item(kind: kind, subject: subject, text: text))
  }
}

// MARK: - Routes

extension ConfigurationChange {
  private mutating func compareRoutes(
    _ running: ProxyConfiguration, _ loaded: ProxyConfiguration, _ next: ProxyConfiguration,
    _ hold: Hold?
  ) {
    let before = Dictionary(running.routes.map { ($0.name, $0) }) { first, _ in first }
    let inFile = Dictionary(loaded.routes.map { ($0.name, $0.percent) }) { first, _ in first }
    let plans = next.cutovers.nameByRoute
    for (index, route) in next.routes.enumerated() {
      var effective = route
      let stood = before[route.name].flatMap { $0.extracted == nil ? nil : $0.percent } ?? .zero
      // Only an edit of the number is a raise: one that was set live stays as it is in any case.
      let isHeld =
        hold != nil && route.extracted != nil && route.percent > stood
        && inFile[route.name] != route.percent
      if isHeld, let hold {
        effective.percent = stood
        keptPercentages[index] = stood
        add(.kept, "route \(route.name)", hold.text(stood: stood, file: route.percent))
      }
      guard let old = before[route.name] else {
        add(
          .added, "route \(route.name)",
          "takes \(route.match.summary); \(Self.split(effective))")
        continue
      }
      if !isHeld, route.extracted != nil, old.percent != route.percent,
        inFile[route.name] == route.percent
      {
        effective.percent = old.percent
        keptPercentages[index] = old.percent
        add(
          .kept, "route \(route.name)",
          "stays at \(old.percent) %, set live; the file says \(route.percent) % as before")
      }
      compareRoute(
        old, effective, isLive: inFile[route.name] != old.percent, plan: plans[route.name])
    }
    let names = Set(next.routes.map(\.name))
    for route in running.routes where !names.contains(route.name) {
      add(.removed, "route \(route.name)", "no longer takes \(route.match.summary)")
    }
    let common = Set(before.keys).intersection(names)
    if running.routes.map(\.name).filter(common.contains)
      != next.routes.map(\.name).filter(common.contains)
    {
      add(.changed, "routes", "are tried in another order where they are equally specific")
    }
  }

  private mutating func compareRoute(
    _ old: RouteConfiguration, _ new: RouteConfiguration, isLive: Bool, plan: String?
  ) {
    let subject = "route \(new.name)"
    if old.match != new.match {
      add(.changed, subject, "takes \(new.match.summary) instead of \(old.match.summary)")
    }
    if old.legacy != new.legacy {
      add(.changed, subject, "legacy is \(new.legacy) instead of \(old.legacy)")
    }
    if let former = old.extracted, let latter = new.extracted, former != latter {
      add(.changed, subject, "the extracted side is \(latter) instead of \(former)")
    }
    compareShares(old, new, isLive: isLive, plan: plan)
    let known: Set = [
      "name", "match", "legacy", "extracted", "percent", "sticky", "group",
    ]
    for difference in SettingDifference.between(old, new, key: "", skipping: known) {
      add(.changed, subject, "\(difference.key.dropFirst()): \(difference.text)")
    }
  }

  private mutating func compareShares(
    _ old: RouteConfiguration, _ new: RouteConfiguration, isLive: Bool, plan: String?
  ) {
    let before = old.extracted == nil ? Percentage.zero : old.percent
    let after = new.extracted == nil ? Percentage.zero : new.percent
    let isDealtAnew =
      old.extracted != nil && new.extracted != nil
      && (old.group ?? old.name != new.group ?? new.name || old.sticky != new.sticky)
    let users = "the users of \(new.match.summary)"
    let live = isLive && before != after ? "; the file's value replaces the live one" : ""
    if isDealtAnew {
      let (p, q) = (before.hundredths, after.hundredths)
      let moving = (p * (10_000 - q) + q * (10_000 - p)) / 10_000
      add(
        .changed, "route \(new.name)",
        "deals \(users) anew (\(before) % -> \(after) %): about "
          + "\(Percentage(hundredths: moving) ?? .full) % of them change sides\(live)")
    } else if after > before {
      add(
        .changed, "route \(new.name)",
        "moves \(after.minus(before)) % of \(users) from legacy to \(new.extracted ?? "extracted") "
          + "(\(before) % -> \(after) %)\(live)"
          + (plan.map { "; neither gates nor freeze windows of its plan \"\($0)\" are asked" } ?? "")
      )
    } else if after < before {
      add(
        .changed, "route \(new.name)",
        "moves \(before.minus(after)) % of \(users) from \(old.extracted ?? "extracted") back to "
          + "legacy (\(before) % -> \(after) %)\(live)")
    } else if old.extracted == nil, let extracted = new.extracted {
      add(.changed, "route \(new.name)", "has an extracted side, \(extracted), at \(after) %")
    } else if let extracted = old.extracted, new.extracted == nil {
      add(.changed, "route \(new.name)", "has no extracted side any more; it was \(extracted)")
    }
  }

  private static func split(_ route: RouteConfiguration) -> String {
    guard let extracted = route.extracted else { return "all to \(route.legacy)" }
    return "\(route.percent) % of its users to \(extracted), the others to \(route.legacy)"
  }
}

// MARK: - Upstreams and settings

extension ConfigurationChange {
  private mutating func compareUpstreams(
    _ running: ProxyConfiguration, _ next: ProxyConfiguration
  ) {
    let before = Dictionary(running.upstreams.map { ($0.name, $0) }) { first, _ in first }
    for upstream in next.upstreams {
      let subject = "upstream \(upstream.name)"
      guard let old = before[upstream.name] else {
        add(.added, subject, upstream.summary)
        continue
      }
      if case .network(let former) = old.target, case .network(let latter) = upstream.target {
        for endpoint in latter where !former.contains(endpoint) {
          add(.changed, subject, "gets the endpoint \(endpoint)")
        }
        for endpoint in former where !latter.contains(endpoint) {
          add(.changed, subject, "loses the endpoint \(endpoint); its requests are finished")
        }
        if former != latter, Set(former) == Set(latter) {
          add(.changed, subject, "lists its endpoints in another order")
        }
      } else if old.target != upstream.target {
        add(.changed, subject, "is \(upstream.summary) instead of \(old.summary)")
      }
      for difference in SettingDifference.between(
        old, upstream, key: "", skipping: ["name", "target"])
      {
        add(.changed, subject, "\(difference.key.dropFirst()): \(difference.text)")
      }
    }
    let names = Set(next.upstreams.map(\.name))
    for upstream in running.upstreams where !names.contains(upstream.name) {
      add(.removed, "upstream \(upstream.name)", "\(upstream.summary); its requests are finished")
    }
  }

  /// Members of `ProxyConfiguration` that a running proxy takes up.
  private static let liveSettings: Set = ["timeouts", "tls"]

  private mutating func compareSettings(
    _ running: ProxyConfiguration, _ next: ProxyConfiguration
  ) {
    let routed: Set = ["routes", "upstreams", "cutovers"]
    let live = SettingDifference.between(running.timeouts, next.timeouts, key: "proxy.timeouts")
    let secured = SettingDifference.between(running.tls, next.tls, key: "proxy.tls")
    for difference in live + secured { add(.changed, difference.key, difference.text) }
    for difference in SettingDifference.between(
      running, next, key: "proxy", skipping: routed.union(Self.liveSettings))
    {
      add(
        .refused, difference.key,
        "\(difference.text) needs a new process: start one with --take-over, then end this one")
    }
  }
}

extension ConfigurationChange.Hold {
  fileprivate func text(stood: Percentage, file: Percentage) -> String {
    switch self {
    case .frozen:
      "stays at \(stood) % while everything is frozen; the \(file) % of the file are taken up when "
        + "it no longer is"
    case .killSwitch:
      "stays at \(stood) %: the kill switch is on; once it is off, the \(file) % of the file have to "
        + "be ordered"
    }
  }
}

extension Percentage {
  fileprivate func minus(_ other: Percentage) -> Percentage {
    Percentage(hundredths: hundredths - other.hundredths) ?? .zero
  }
}
