// SPDX-License-Identifier: Apache-2.0

/// What is known of the monolith's sources.
package struct CodeEvidence: Sendable, Hashable {
  /// A service as it was suggested, or as a baseline has it.
  package struct Service: Sendable, Hashable {
    package var name: String
    /// Types that are in the monolith's sources.
    package var types: Int
    /// Types that the baseline knows and the sources do not have any more.
    package var gone: Int
    /// Lines of files that are this service's alone; nil where they were not counted.
    package var lines: Int?
    /// Share of users, 0 to 100, that the extracted side answers of each of its routes; nil of a
    /// route that the configuration does not tell.
    package var routes: [Double?]

    package init(
      _ name: String, types: Int, gone: Int = 0, lines: Int? = nil, routes: [Double?] = []
    ) {
      self.name = name
      self.types = types
      self.gone = gone
      self.lines = lines
      self.routes = routes
    }

    /// Every route of it is answered elsewhere.
    var isAnswered: Bool { !routes.isEmpty && routes.allSatisfy { $0 == 100 } }
    var isBegun: Bool { gone > 0 || routes.contains { $0 ?? 0 > 0 } }
  }

  /// In the order in which to extract them.
  package var services: [Service]
  /// Types that belong to no service: wiring, the shared kernel, what remains.
  package var otherTypes: Int
  package var otherLines: Int?
  package var hasBaseline: Bool
  package var parseFailures: Int

  package init(
    services: [Service], otherTypes: Int, otherLines: Int?, hasBaseline: Bool,
    parseFailures: Int = 0
  ) {
    self.services = services
    self.otherTypes = otherTypes
    self.otherLines = otherLines
    self.hasBaseline = hasBaseline
    self.parseFailures = parseFailures
  }
}

extension CodeEvidence {
  /// What is there of the sources, service by service.
  ///
  /// A type counts as extracted when the baseline knows it and the sources do not, or when every
  /// route of its service is answered by the extracted side: it may still be there, and serves
  /// nobody.
  package var measure: ProgressMeasure {
    var parts = services.map(part)
    if otherTypes > 0 {
      var counts = [ProgressCount("types", legacy: Double(otherTypes))]
      if let otherLines { counts.append(ProgressCount("lines", legacy: Double(otherLines))) }
      parts.append(ProgressMeasure.Part("(no service)", "in the monolith", counts))
    }
    return ProgressMeasure(.code, parts, unknown: unknown, next: next)
  }

  /// Where there is no analysis at all.
  package static let unread = ProgressMeasure(
    .code, [],
    unknown: [
      .init(
        "how much code there is, and whose it is",
        how: "--sources PATH, or --analysis FILE of strangler analyze PATH --format json")
    ],
    next: .init("find out where to cut", command: "strangler analyze PATH"))

  private func part(_ service: Service) -> ProgressMeasure.Part {
    let there = Double(service.types)
    var types = ProgressCount("types", extracted: Double(service.gone), legacy: there)
    let lines = Double(service.lines ?? 0)
    var lineCount = ProgressCount("lines", legacy: lines)
    var (state, note) = ("in the monolith", "")
    if service.isAnswered {
      types = ProgressCount("types", extracted: Double(service.gone) + there)
      lineCount = ProgressCount("lines", extracted: lines)
      state = "extracted"
      if service.types > 0 { note = "still in the sources, and no request reaches it" }
    } else if service.types == 0 {
      state = "extracted"
      note = "gone from the sources"
    } else if service.isBegun {
      types = ProgressCount("types", extracted: Double(service.gone), underWay: there)
      lineCount = ProgressCount("lines", underWay: lines)
      state = "under way"
      note = Self.begun(service)
    }
    return ProgressMeasure.Part(
      service.name, state, service.lines == nil ? [types] : [types, lineCount], note: note)
  }

  private static func begun(_ service: Service) -> String {
    let moved = service.routes.count { $0 ?? 0 > 0 }
    let parts =
      (service.gone > 0 ? ["\(service.gone) types gone from the sources"] : [])
      + (moved > 0
        ? ["\(moved) of \(service.routes.count) routes answered elsewhere, if only in part"] : [])
    return parts.joined(separator: "; ")
  }

  private var unknown: [ProgressMeasure.Unknown] {
    var unknown: [ProgressMeasure.Unknown] = []
    if !hasBaseline {
      unknown.append(
        .init(
          "what has left the sources already",
          how: "--baseline FILE of strangler analyze check PATH --write-baseline FILE, written "
            + "before the first extraction"))
    } else if services.contains(where: { $0.gone > 0 }) {
      unknown.append(
        .init("lines of what has left the sources", how: "no baseline keeps them; see git log"))
    }
    if services.contains(where: { $0.lines == nil }) {
      unknown.append(
        .init("lines of each service: a saved analysis has none", how: "--sources PATH"))
    }
    if services.contains(where: { $0.routes.contains(nil) }) {
      unknown.append(
        .init(
          "which side answers some routes of the sources", how: "--config FILE that has routes"))
    }
    if parseFailures > 0 {
      unknown.append(
        .init("what is in \(parseFailures) files that did not parse", how: "strangler analyze PATH")
      )
    }
    return unknown
  }

  private var next: ProgressMeasure.Step? {
    if let idle = services.first(where: { $0.isAnswered && $0.types > 0 }) {
      return .init("delete \(idle.name) from the monolith: no request reaches its types any more")
    }
    let left = services.filter { !$0.isAnswered && $0.types > 0 }
    if let begun = left.first(where: \.isBegun) {
      return .init("finish \(begun.name)", command: "strangler analyze explain PATH TYPE")
    }
    if let first = left.first {
      return .init("extract \(first.name)", command: "strangler analyze suggest PATH")
    }
    return otherTypes > 0
      ? .init("no service is left in it: see what the rest is", command: "strangler analyze PATH")
      : nil
  }
}
