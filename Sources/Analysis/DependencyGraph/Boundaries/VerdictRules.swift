// SPDX-License-Identifier: Apache-2.0

extension Verdict {
  /// Units below which a split is not worth its operation.
  static let leastUnits = 12
  /// Modularity that says the code falls into areas at all (Newman, Girvan 2004 name 0.3 as the
  /// lower end of what real communities show).
  static let leastModularity = 0.3
  /// Agreement under noise below which the borders are arbitrary.
  static let leastStability = 0.5
  /// Part of the references that may cross borders.
  static let mostCrossing = 0.5

  /// - Parameters:
  ///   - units: separable types that were divided.
  ///   - served: what answers requests or runs jobs.
  ///   - serving: services that do.
  ///   - unready: services whose borders do not hold.
  ///   - core: what stays in one piece, if anything does.
  ///   - ring: calls by which all services wait for each other, if they do.
  ///   - people: who make nearly all changes, where that is known.
  static func judge(
    _ quality: Quality, units: Int, served: ServedCode, serving: Int, unready: Int = 0,
    core: Remainder.Core? = nil, ring: Int? = nil, people: Int? = nil
  ) -> Verdict {
    if units == 0 {
      return Verdict(
        decision: .doNotSplit, reason: "No types were found, so there is nothing to split.")
    }
    guard served.isDividable else {
      return Verdict(decision: .doNotSplit, reason: "Nothing to split: " + served.reason)
    }
    let doubts = Self.doubts(quality, units: units, serving: serving, core: core, ring: ring)
    guard doubts.isEmpty else {
      return Verdict(
        decision: .doNotSplit,
        reason: "Do not split yet: " + doubts.joined(separator: "; ") + "."
          + (core.map { " " + $0.sentence } ?? ""))
    }
    let services = counted(quality.services, "service")
    let what =
      core == nil
      ? "Split into \(services)" : "Take \(services) out and leave the rest together"
    return Verdict(
      decision: .split,
      reason: "\(what): "
        + "\(percent(1 - quality.crossing)) of \(counted(quality.references, "reference")) stay "
        + "inside \(core == nil ? "them" : "these pieces"), "
        + "modularity is \(decimal(quality.modularity)), and \(counted(quality.runs, "run")) with "
        + "noise \(quality.runs == 1 ? "agrees" : "agree") with the borders at "
        + "\(decimal(quality.stability)) of 1.\(core.map { " " + $0.sentence } ?? "")"
        + sentence(unready: unready) + sentence(people: people, services: quality.services)
        + quality.folderSentence)
  }

  /// Begins with a space.
  private static func sentence(people: Int?, services: Int) -> String {
    guard let people, people < services else { return "" }
    let (who, make) = people == 1 ? ("One person", "makes") : ("\(people) people", "make")
    return " \(who) \(make) nine of ten changes, and \(services) services want more people than "
      + "that: begin with one and see what it gains."
  }

  /// Begins with a space.
  private static func sentence(unready: Int) -> String {
    switch unready {
    case 0: ""
    case 1:
      " One of them is not ready to leave: more references cross its border than stay inside, or "
        + "noise moves it."
    default:
      " \(unready) of them are not ready to leave: more references cross their borders than stay "
        + "inside, or noise moves them."
    }
  }

  private static func doubts(
    _ quality: Quality, units: Int, serving: Int, core: Remainder.Core?, ring: Int?
  ) -> [String] {
    var doubts: [String] = []
    let pieces = quality.services + (core == nil ? 0 : 1)
    if pieces < 2 {
      doubts.append("the code forms a single area")
    } else if serving < 2 {
      doubts.append(
        "\(serving == 0 ? "none" : "only one") of the \(pieces) areas answers a route or "
          + "runs a job")
    }
    if units < leastUnits {
      doubts.append("\(units) separable types are fewer than \(leastUnits)")
    }
    if quality.modularity < leastModularity {
      doubts.append(
        "modularity \(decimal(quality.modularity)) is below \(decimal(leastModularity))")
    }
    if quality.stability < leastStability {
      doubts.append(
        "the borders move under noise (stability \(decimal(quality.stability)) "
          + "is below \(decimal(leastStability)))")
    }
    if quality.crossing > mostCrossing {
      doubts.append(
        "\(percent(quality.crossing)) of the references would cross borders "
          + "(at most \(percent(mostCrossing)) is bearable)")
    }
    if let ring {
      doubts.append(
        "all \(counted(quality.services, "service")) wait for each other in a ring of "
          + "\(counted(ring, "call")), so none could be released or be down alone")
    }
    return doubts
  }
}

extension Quality {
  /// Part of the references that cross a border.
  var crossing: Double { Double(crossingReferences) / Double(max(1, references)) }

  /// How far the borders repeat the folders, where they do; begins with a space.
  package var folderSentence: String {
    guard let likenessWithoutFolders else { return "" }
    return " The borders follow the folders for \(percent(folderShare)) of the types; a suggestion "
      + "that does not know the folders agrees with this one at "
      + "\(decimal(likenessWithoutFolders)) of 1."
  }
}

extension ServedCode {
  private static let named = 3

  /// Why nothing can be divided, with numbers.
  var reason: String {
    let all = "\(counted(types, "type")) in \(counted(modules, "module"))"
    guard !programs.isEmpty else {
      let background =
        background == 0
        ? ""
        : " \(background) of them \(background == 1 ? "runs" : "run") in the background, which "
          + "code that others build on does as well."
      let (no, operators) =
        operational == 0
        ? ("no", "")
        : (
          "no other",
          " \(counted(operational, "route")) \(operational == 1 ? "tells" : "tell") how a process "
            + "is doing, which serves no user."
        )
      return "\(no) route that is answered and no job of a queue was recognised in \(all), so no "
        + "part of it is known to serve anybody.\(background)\(operators) What serves in ways that "
        + "are not recognised is not seen."
    }
    let listed = programs.prefix(Self.named).map(\.sentence)
    let rest = programs.count - Self.named
    let types = programs.reduce(0) { $0 + $1.servers }
    return "\(types == 1 ? "a single type" : "\(types) types") of \(all) "
      + "\(types == 1 ? "answers" : "answer") requests or \(types == 1 ? "runs" : "run") jobs. "
      + listed.joined(separator: " ") + (rest > 0 ? " \(rest) more are as small." : "")
      + " The rest are modules that programs are built from."
  }
}

extension ServedCode.Program {
  private static let namedTops = 3

  /// What is started, with the verb that follows.
  private var subject: String {
    let rest = tops.count - Self.namedTops
    let named = rest > 0 ? tops.prefix(Self.namedTops) + ["\(rest) more"] : tops[...]
    guard let last = named.last, named.count > 1 else { return "\(tops.first ?? "") has" }
    return named.dropLast().joined(separator: ", ") + " and " + last + " have"
  }

  /// What it serves, and why it is no candidate.
  var sentence: String {
    var parts: [String] = []
    if routes > 0 { parts.append(counted(routes, "route")) }
    if jobs > 0 { parts.append(counted(jobs, "job")) }
    let what = "\(subject) \(parts.joined(separator: " and ")) in \(counted(servers, "type")): "
    if units < Verdict.leastUnits {
      return what + "\(counted(units, "separable type")), fewer than \(Verdict.leastUnits)."
    }
    if servers < ServedCode.leastServers { return what + "that is one service at most." }
    let code = "\(percent(share)) of its \(units) separable types"
    let near =
      tables == 0
      ? "\(code) are near them"
      : "\(code) and \(servedTables) of \(counted(tables, "table")) are near them, "
        + "\(storing) of the \(servers) with data"
    return what
      + "\(near), so they are the interface of a program and not what it is there for."
  }
}

/// Two decimals, rounded half away from zero; the standard library alone has no format for it.
package func decimal(_ value: Double) -> String {
  guard value.isFinite else { return "-" }
  let hundredths = Int((abs(value) * 100).rounded())
  let sign = value < 0 && hundredths > 0 ? "-" : ""
  let rest = hundredths % 100
  return "\(sign)\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
}

/// Whole percent.
package func percent(_ share: Double) -> String {
  share.isFinite ? "\(Int((share * 100).rounded())) %" : "-"
}
