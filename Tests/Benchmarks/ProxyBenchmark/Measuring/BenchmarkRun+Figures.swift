// SPDX-License-Identifier: Apache-2.0

// MARK: - Figures of one request and one client

extension BenchmarkRun {
  /// What single figures are taken of.
  private static let clients: [ClientProtocol] = [.http1, .http1TLS, .http2TLS]

  func systemCalls() {
    attempt("system calls") {
      guard let tool = try SystemCalls() else {
        report.notes.append("system calls left to callgrind: perf is missing or may not count")
        return
      }
      for client in Self.clients {
        try withContenders(.small(client)) { running in
          for contender in running {
            add(try tool.measure(contender), contender.name, client)
          }
        }
      }
    }
  }

  func instructions() throws {
    guard let tool = try Instructions() else {
      report.notes.append("instructions left out: valgrind is not installed")
      return
    }
    for client in Self.clients {
      for contender in contenders where contender.runsUnderValgrind {
        attempt("\(contender.name)'s instructions, \(client.rawValue)") {
          let value = try tool.measure(
            contender, client, origin: origin, requests: effort.countedRequests)
          report.figures.append(
            Report.Figure(
              .instructions, contender.name, client, value.instructions))
          if report.figure(.calls, contender.name, client) == nil {
            add(value.systemCalls, contender.name, client)
          }
        }
      }
    }
  }

  private func add(
    _ calls: SystemCalls.PerRequest, _ contender: String, _ client: ClientProtocol
  ) {
    report.figures.append(Report.Figure(.calls, contender, client, calls.all))
    let demands = transport(of: contender).map { Demand.dataCalls(client, transport: $0) } ?? []
    report.figures.append(
      Report.Figure(
        .dataCalls, contender, client, calls.data,
        verdicts: demands.compactMap { $0.verdict(value: calls.data, ofReference: nil) }))
  }

  func memory() {
    for client in Self.clients {
      for contender in contenders {
        attempt("\(contender.name)'s memory, \(client.rawValue)") {
          let value = try IdleMemory.measure(
            contender, client, origin: origin, clients: effort.idleClients)
          report.figures.append(
            Report.Figure(.idleMemory, contender.name, client, value))
        }
      }
    }
    // The others' figures have to be there first.
    for index in report.figures.indices where report.figures[index].kind == .idleMemory {
      let figure = report.figures[index]
      guard let transport = transport(of: figure.contender) else { continue }
      report.figures[index].verdicts = Demand.idleMemory(figure.client, transport: transport)
        .compactMap { demand in
          demand.verdict(
            value: figure.value,
            ofReference: demand.reference.flatMap {
              report.figure(.idleMemory, $0, figure.client)?.value
            })
        }
    }
  }
}

// MARK: - Endurance, of strangler alone

extension BenchmarkRun {
  func crowds() {
    for contender in contenders where contender is Strangler {
      attempt("\(contender.name)'s crowd") {
        report.crowds.append(
          try ManyConnections.measure(contender, origin: origin, seconds: effort.crowdSeconds))
      }
    }
  }

  func outages() {
    for contender in contenders where contender is Strangler {
      attempt("\(contender.name)'s outages") {
        report.outages.append(try UpstreamOutages.measure(contender, origin: origin))
      }
    }
  }
}
