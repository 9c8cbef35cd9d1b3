// SPDX-License-Identifier: Apache-2.0

extension CodeModel {
  /// What a job is known by where nothing but its shape tells: libraries have loops and timers too.
  private static let weakEvidence: Set<String> = [
    "Task loop", "scheduleRepeatedTask", "scheduleRepeatedAsyncTask", "scheduledTimer",
  ]

  /// True where somebody or something is served: a route is answered, or a job runs. Code that only
  /// others call is a library, however large it is, and a library is released as a whole.
  ///
  /// A loop in a task counts where its own module maps record types to tables: that is an
  /// application, and not a library in whose tree a sample application lies.
  package var serves: Bool {
    if !routes.isEmpty || jobs.contains(where: { !Self.weakEvidence.contains($0.evidence) }) {
      return true
    }
    let applications = Set(tableUses.filter { $0.access == .maps }.map { module(of: $0.type) })
    return jobs.contains { applications.contains(module(of: $0.type)) }
  }

  private func module(of type: TypeID) -> String {
    files[Int(types[Int(type.index)].position.file.index)].module
  }
}
