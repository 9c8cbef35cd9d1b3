// SPDX-License-Identifier: Apache-2.0

internal import JSONDocuments

/// Members of objects and elements of arrays.
extension SchemaComparison {
  mutating func memberChanges(_ written: SchemaView, _ read: SchemaView) -> [SchemaChange] {
    var found = requiredChanges(written, read)
    for (name, nodes) in written.members.sorted(by: { $0.key < $1.key }) {
      let own = writer.view(nodes)
      // The service alone writes what is read-only, clients alone what is write-only.
      if direction == .request ? own.isReadOnly : own.isWriteOnly { continue }
      let step = JSONPointer.appending(name, to: "")
      if let others = read.members[name] {
        follow(nodes, others, step)
      } else if case .open(let others) = read.additional, !others.isEmpty {
        follow(nodes, others, step)
      } else if direction == .request {
        found.append(removed(name, read, own).below(step))
      }
    }
    if direction == .response { found += optionalRemoved(written, read) }
    return found + additionalChanges(written, read)
  }

  /// A member that clients send and the service knows no more.
  private func removed(_ name: String, _ read: SchemaView, _ own: SchemaView) -> SchemaChange {
    let isRefused = if case .closed = read.additional { true } else { false }
    return SchemaChange(
      stem: "property-removed", severity: isRefused ? .breaking : .warning, side: .old,
      pointer: own.pointer, message: "\"\(name)\" is gone",
      effect: isRefused
        ? "a client that sends it is refused" : "what a client sends there counts for nothing")
  }

  private func requiredChanges(_ written: SchemaView, _ read: SchemaView) -> [SchemaChange] {
    read.required.subtracting(written.required).sorted().compactMap { name in
      let own = writer.view(written.members[name] ?? [])
      let other = reader.view(read.members[name] ?? [])
      let isOneSided =
        direction == .request
        ? other.isReadOnly || own.isReadOnly : other.isWriteOnly || own.isWriteOnly
      if isOneSided { return nil }
      let step = JSONPointer.appending(name, to: "")
      let isThere = written.members[name] != nil
      switch (direction, isThere) {
      case (.request, true):
        return SchemaChange(
          stem: "property-became-required", path: step, side: .new, pointer: other.pointer,
          message: "\"\(name)\" has to be sent now", effect: "a client without it is refused")
      case (.request, false):
        let pointer = other.parts.isEmpty ? read.pointer : other.pointer
        return SchemaChange(
          stem: "required-property-added", path: step, side: .new, pointer: pointer,
          message: "\"\(name)\" is new and has to be sent",
          effect: "every client that does not know it is refused")
      case (.response, true):
        return SchemaChange(
          stem: "property-became-optional", path: step, side: .new, pointer: own.pointer,
          message: "\"\(name)\" may be missing now",
          effect: "a client that relies on it finds nothing")
      case (.response, false):
        let pointer = other.parts.isEmpty ? read.pointer : other.pointer
        return SchemaChange(
          stem: "required-property-removed", path: step, side: .old, pointer: pointer,
          message: "\"\(name)\" is gone", effect: "a client that relies on it finds nothing")
      }
    }
  }

  private func optionalRemoved(_ written: SchemaView, _ read: SchemaView) -> [SchemaChange] {
    // Whatever has no name may still be there.
    if case .open = written.additional { return [] }
    return read.members.keys.sorted().compactMap { name in
      let view = reader.view(read.members[name] ?? [])
      guard !read.required.contains(name), written.members[name] == nil, !view.isWriteOnly else {
        return nil
      }
      return SchemaChange(
        stem: "optional-property-removed", severity: .warning,
        path: JSONPointer.appending(name, to: ""), side: .old, pointer: view.pointer,
        message: "\"\(name)\" is gone", effect: "a client that shows it where it is shows nothing")
    }
  }

  private mutating func additionalChanges(
    _ written: SchemaView, _ read: SchemaView
  ) -> [SchemaChange] {
    guard case .open(let own) = written.additional else { return [] }
    switch read.additional {
    case .unsaid: return []
    case .open(let others):
      if !others.isEmpty { follow(own, others, "/*") }
      return []
    case .closed:
      // A tolerant reader passes over what it does not know.
      guard direction == .request else { return [] }
      return [
        SchemaChange(
          stem: "additional-properties-refused", side: .new, pointer: read.pointer,
          message: "members without a name in the schema are refused now",
          effect: "a client that sends any is refused")
      ]
    }
  }

  mutating func followElements(_ written: SchemaView, _ read: SchemaView) {
    for index in 0..<max(written.prefix.count, read.prefix.count) {
      let own = index < written.prefix.count ? written.prefix[index] : written.items
      let other = index < read.prefix.count ? read.prefix[index] : read.items
      if !other.isEmpty { follow(own, other, "/\(index)") }
    }
    if !read.items.isEmpty { follow(written.items, read.items, "/*") }
  }
}
