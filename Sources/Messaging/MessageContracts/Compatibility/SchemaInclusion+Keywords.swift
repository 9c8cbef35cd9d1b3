// SPDX-License-Identifier: Apache-2.0

import JSONDocuments

extension SchemaInclusion {
  /// Gaps at a reader's keywords that speak of the value itself, not at those that refer to other
  /// schemas of the same value.
  mutating func ownGaps(
    _ branch: SchemaBranch, _ reader: LocatedSchema, at place: String
  ) -> [SchemaGap] {
    let node = reader.node
    if node.isNever {
      return [
        SchemaGap(
          payload: place, schema: node.pointer, reason: "it may be there, expected nothing",
          examples: examples(branch, []))
      ]
    }
    var gaps: [SchemaGap] = []
    for type in JSONType.allCases
    where branch.types.contains(type) && !node.types.contains(type) {
      var one = branch
      one.types = [type]
      gaps.append(
        gap(
          place, node, "type", "\(type.rawValue) may be written, expected \(node.typeText)",
          examples(one, [reader])))
    }
    if let finite = node.finite {
      let keyword = node.constant == nil ? "enum" : "const"
      let allowed = JSONValue.array(finite).text(limit: 80)
      gaps.append(
        gap(
          place, node, keyword, "other values than \(allowed) may be written",
          examples(branch, [reader])))
      return gaps
    }
    for type in JSONType.allCases
    where branch.types.contains(type) && node.types.contains(type) {
      switch type {
      case .null, .boolean: break
      case .number: gaps += numberGaps(branch, reader, at: place)
      case .string: gaps += stringGaps(branch, reader, at: place)
      case .array: gaps += arrayGaps(branch, reader, at: place)
      case .object: gaps += objectGaps(branch, reader, at: place)
      }
    }
    return gaps
  }

  func gap(
    _ place: String, _ node: SchemaNode, _ keyword: String, _ reason: String,
    _ examples: [JSONValue]
  ) -> SchemaGap {
    SchemaGap(
      payload: place, schema: JSONPointer.appending(keyword, to: node.pointer), reason: reason,
      examples: examples)
  }

  // MARK: - Numbers

  private func numberGaps(
    _ branch: SchemaBranch, _ reader: LocatedSchema, at place: String
  ) -> [SchemaGap] {
    let node = reader.node
    var gaps: [SchemaGap] = []
    func add(_ keyword: String, _ reason: String) {
      var numbers = branch
      numbers.types = [.number]
      gaps.append(gap(place, node, keyword, reason, examples(numbers, [reader])))
    }
    if node.integersOnly, !branch.isWhole {
      add("type", "numbers that are no integers may be written, expected integer")
    }
    if let bound = node.minimum, !branch.keeps(bound, lower: true) {
      let keyword = bound.isOpen ? "exclusiveMinimum" : "minimum"
      let least = branch.minimum.map { " from \($0.value.text)" } ?? " of any size"
      add(
        keyword,
        "numbers\(least) may be written, expected \(bound.isOpen ? "more than" : "at least") "
          + bound.value.text)
    }
    if let bound = node.maximum, !branch.keeps(bound, lower: false) {
      let keyword = bound.isOpen ? "exclusiveMaximum" : "maximum"
      let most = branch.maximum.map { " up to \($0.value.text)" } ?? " of any size"
      add(
        keyword,
        "numbers\(most) may be written, expected \(bound.isOpen ? "less than" : "at most") "
          + bound.value.text)
    }
    if let step = node.multiple, !branch.isMultiple(of: step) {
      add("multipleOf", "other numbers than multiples of \(step.text) may be written")
    }
    return gaps
  }

  // MARK: - Strings

  private func stringGaps(
    _ branch: SchemaBranch, _ reader: LocatedSchema, at place: String
  ) -> [SchemaGap] {
    let node = reader.node
    var gaps: [SchemaGap] = []
    var strings = branch
    strings.types = [.string]
    if !branch.length.isWithin(node.length) {
      let length = TextPattern(length: node.length)
      let found =
        branch.patterns.isEmpty
        ? nil : length.map { TextPattern.text(matching: branch.texts, avoiding: $0) }
      if found != .included {
        let keyword = branch.length.least < node.length.least ? "minLength" : "maxLength"
        gaps.append(
          gap(
            place, node, keyword,
            "\(branch.length.text) characters may be written, expected \(node.length.text)",
            found.texts + examples(strings, [reader])))
      }
    }
    if let pattern = node.pattern {
      let found = TextPattern.text(matching: branch.texts, avoiding: pattern)
      if found != .included {
        let reason =
          found == .undecided
          ? "the pattern \(pattern.text) is too large to compare"
          : "texts that do not match \(pattern.text) may be written"
        gaps.append(
          gap(place, node, "pattern", reason, Optional(found).texts + examples(strings, [reader])))
      }
    }
    return gaps
  }

  // MARK: - Arrays

  private mutating func arrayGaps(
    _ branch: SchemaBranch, _ reader: LocatedSchema, at place: String
  ) -> [SchemaGap] {
    let node = reader.node
    let count = expansion.itemCount(branch)
    var gaps: [SchemaGap] = []
    var arrays = branch
    arrays.types = [.array]
    if !count.isWithin(node.itemCount) {
      let keyword = count.least < node.itemCount.least ? "minItems" : "maxItems"
      gaps.append(
        gap(
          place, node, keyword,
          "\(count.text) items may be written, expected \(node.itemCount.text)",
          examples(arrays, [reader])))
    }
    if node.isUnique, !branch.isUnique, count.most ?? .max > 1 {
      gaps.append(
        gap(
          place, node, "uniqueItems", "equal items may be written, expected items that differ",
          examples(arrays, [reader])))
    }
    if let items = node.items.first, count.most != 0 {
      for var gap in self.gaps(branch.items, reader.located(items), at: place + "/*") {
        gap.examples = gap.examples.compactMap { samples.array(branch, with: $0) }
        gaps.append(gap)
      }
    }
    return gaps
  }

  // MARK: - Objects

  private mutating func objectGaps(
    _ branch: SchemaBranch, _ reader: LocatedSchema, at place: String
  ) -> [SchemaGap] {
    let node = reader.node
    let count = expansion.memberCount(branch)
    let names = expansion.names(branch)
    let isOpen =
      count.most ?? .max > branch.required.count
      && (branch.additional.isEmpty || !expansion.isEmpty(branch.additional, depth: 1))
    // Where there have to be as many members as there can be, all of them are there.
    let always = !isOpen && count.least >= names.count ? names : branch.required
    var gaps: [SchemaGap] = []
    for name in node.required.subtracting(always).sorted() {
      let examples =
        wantsExamples ? samples.objects(branch, near: [], depth: 0, without: name) : []
      gaps.append(
        gap(
          JSONPointer.appending(name.text, to: place), node, "required",
          "it may be left out, expected a value", examples))
    }
    if !count.isWithin(node.memberCount) {
      var objects = branch
      objects.types = [.object]
      let keyword = count.least < node.memberCount.least ? "minProperties" : "maxProperties"
      gaps.append(
        gap(
          place, node, keyword,
          "\(count.text) members may be written, expected \(node.memberCount.text)",
          examples(objects, [reader])))
    }
    for name in names.sorted() {
      guard let schema = node.properties[name] ?? node.additional.first else { continue }
      gaps += memberGaps(branch, name, reader.located(schema), at: place)
    }
    guard isOpen else { return gaps }
    for name in Set(node.properties.keys).subtracting(branch.properties.keys).sorted() {
      guard let schema = node.properties[name], !names.contains(name) else { continue }
      gaps += memberGaps(branch, name, reader.located(schema), at: place)
    }
    if let schema = node.additional.first {
      let taken = Set(branch.properties.keys).union(node.properties.keys)
      var name = ExactText("other")
      while taken.contains(name) { name = ExactText(name.text + "x") }
      gaps += memberGaps(branch, name, reader.located(schema), at: place, shown: "*")
    }
    return gaps
  }

  private mutating func memberGaps(
    _ branch: SchemaBranch, _ name: ExactText, _ reader: LocatedSchema, at place: String,
    shown: String? = nil
  ) -> [SchemaGap] {
    let place = JSONPointer.appending(shown ?? name.text, to: place)
    return gaps(branch.member(name), reader, at: place).map { gap in
      var gap = gap
      gap.examples = samples.objects(branch, with: name, gap.examples)
      return gap
    }
  }
}

extension TextPattern.Comparison? {
  fileprivate var texts: [JSONValue] {
    if case .counterexample(let text) = self { [.string(text)] } else { [] }
  }
}

extension SchemaBranch {
  /// Whether every number is a whole number of times another.
  fileprivate func isMultiple(of step: JSONNumber) -> Bool {
    if multiples.contains(where: { $0.isMultiple(of: step) == true }) { return true }
    guard isWhole else { return false }
    // All of several whole steps at once: their least common multiple.
    let steps = multiples.filter(\.isInteger).compactMap { $0.whole(roundingUp: true) }
    let common = steps.reduce(1) { product, step in
      var (left, right) = (product, step)
      while right != 0 { (left, right) = (right, left % right) }
      let (common, isTooLarge) = (product / max(1, left)).multipliedReportingOverflow(by: step)
      return isTooLarge ? product : common
    }
    return JSONNumber(valid: String(common))?.isMultiple(of: step) == true
  }
}
