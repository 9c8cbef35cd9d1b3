// SPDX-License-Identifier: Apache-2.0

/// Keeps the shared kernel a kernel while moves are tried out. References into it count as none, so
/// whatever lies there takes its cuts out of sight: only values may, which touch no data, answer
/// nothing and need nothing outside of it.
struct KernelGuard {
  /// Names that an objection lists at most.
  private static let named = 3

  private let study: BoundaryStudy
  /// Service of each type after the moves.
  private let service: [Int?]

  init(_ study: BoundaryStudy, service: [Int?]) {
    self.study = study
    self.service = service
  }

  private var model: CodeModel { study.model }

  /// In the kernel after the moves.
  private func isInKernel(_ type: TypeID, with moved: Set<TypeID>) -> Bool {
    guard service[Int(type.index)] == nil else { return false }
    return moved.contains(type) || study.placement(of: type) == .sharedKernel
  }

  /// - Parameter moved: all types that were moved into the kernel.
  func check(_ types: [TypeID], movedIn moved: Set<TypeID>) throws(StudyQuestionError) {
    let own = Set(types)
    var objections: [String] = []
    if let type = types.first(where: { [.class, .actor].contains(model.type($0).kind) }) {
      objections.append(
        "\(model.displayName(type)) is \(model.type(type).kind == .class ? "a class" : "an actor")")
    }
    func object(_ words: String, _ names: [String], _ places: [SourcePosition]) {
      guard let first = places.min() else { return }
      let distinct = Set(names).sorted()
      let rest = distinct.count - Self.named
      let listed = distinct.prefix(Self.named).joined(separator: ", ")
      objections.append(
        "\(words)\(listed)\(rest > 0 ? " and \(rest) more" : "") (first at "
          + "\(model.location(first).place))")
    }
    let uses = model.tableUses.filter { own.contains($0.type) }
    object("it uses the data of ", uses.map(\.table), uses.map(\.position))
    let openings = model.transactions.filter { own.contains($0.opener) }
    object("it opens transactions in ", openings.map(\.function), openings.map(\.position))
    let routes = model.routes.filter { own.contains($0.handler) || own.contains($0.registeredBy) }
    object("it answers ", routes.map { "\($0.method) \($0.path)" }, routes.map(\.position))
    let jobs = model.jobs.filter { own.contains($0.type) }
    object("it runs the job ", jobs.map { model.displayName($0.type) }, jobs.map(\.position))
    let calls = model.outboundCalls.filter { own.contains($0.type) }
    object("it calls ", calls.map(\.target), calls.map(\.position))
    let needs = model.references.filter {
      own.contains($0.from) && !own.contains($0.to) && !isInKernel($0.to, with: moved)
    }
    object(
      "it needs what is outside of the kernel: ", needs.map { model.displayName($0.to) },
      needs.map(\.position))
    guard objections.isEmpty else {
      throw StudyQuestionError.notForKernel(model.displayName(types[0]), objections)
    }
  }

  /// References from types that are in the kernel to types that are in a service: a library that
  /// needs a service.
  func leaving(movedIn moved: Set<TypeID>) -> [Int] {
    model.references.indices.filter { index in
      let reference = model.references[index]
      return service[Int(reference.to.index)] != nil && isInKernel(reference.from, with: moved)
    }
  }
}

extension Location {
  /// `file:line:column`.
  package var place: String { "\(file):\(line):\(column)" }
}
