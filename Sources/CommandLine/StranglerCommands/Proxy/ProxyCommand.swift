// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ConfigurationFiles
internal import ControlPlane
internal import CutoverControl
internal import Foundation
internal import Logging
internal import ProxyDataPlane
internal import RoutingDecisions
internal import ServiceLifecycle
internal import UnixSignals

struct ProxyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "proxy",
    abstract: "Run the front proxy: each request goes to the monolith or to an extracted service.",
    discussion: """
      Listens on loopback unless the configuration says otherwise. SIGTERM and SIGINT drain: no new
      connections, requests in flight are finished. SIGHUP reads the configuration again; one that
      cannot be used is reported and changes nothing. SIGHUP and SIGUSR1 open the access log anew.
      Routes with a `shadow` section send copies of what legacy answers to the extracted side too;
      what comparing them finds goes to --evidence, for `strangler shadow report`.

      EXAMPLES
        strangler proxy --config strangler.yaml
        strangler routes set orders 25 --reason 'first users'
        strangler cutover start orders --reason 'ticket 12'
        curl 127.0.0.1:9901/metrics
        strangler proxy --take-over & kill -TERM $OLD    a new version without a cut request
      """)

  @OptionGroup var configuration: ConfigurationOption

  private var source: ConfigurationReloader.Source {
    let file = configuration.file
    return { ConfigurationFile.load(file) }
  }

  @Flag(
    help: ArgumentHelp(
      "Listen beside an older proxy of the same user, and get all new connections.",
      discussion: "Stop the older one with SIGTERM once this one listens; it finishes its requests."
    ))
  var takeOver = false

  @OptionGroup(title: "Shadow traffic") var evidence: EvidenceOption

  @Option(help: "Least severe level that is logged to standard error.")
  var logLevel = LogLevel.info

  func run() async throws {
    let loaded = try configuration.load()
    let level = logLevel.level
    LoggingSystem.bootstrap { label in
      var handler = StreamLogHandler.standardError(label: label)
      handler.logLevel = level
      return handler
    }
    let logger = Logger(label: "strangler.proxy")
    let files = OpenFileLimit.raise()
    if let warning = OpenFileLimit.warning(loaded, limit: files) { logger.warning("\(warning)") }
    do {
      let front = try FrontProxy(
        configuration: loaded, environment: ProcessInfo.processInfo.environment,
        takesOver: takeOver, evidence: evidence.file, source: source,
        data: ServedMigrations(configuration.file), sagas: ServedSagas(configuration.file),
        logger: logger)
      try await ServiceGroup(
        services: [front, Announcement(front: front), SignalListener(front: front)],
        gracefulShutdownSignals: [.sigterm, .sigint], logger: logger
      ).run()
    } catch let error as InvalidConfiguration {
      // Such as a certificate that cannot be read, which only a start finds out.
      throw CommandFailure.unusable("the configuration cannot be used\n\(error)")
    } catch let error as ProxyServerError {
      throw CommandFailure.unusable(error.message)
    } catch let error as CutoverJournalError {
      throw CommandFailure.unusable(error.description)
    } catch let error as AdminServerError {
      throw CommandFailure.unusable(error.description)
    }
  }
}

/// SIGHUP asks for the configuration to be read again, and like SIGUSR1 for the access log to be
/// opened anew.
private struct SignalListener: Service {
  let front: FrontProxy

  func run() async throws {
    let signals = await UnixSignalsSequence(trapping: .sighup, .sigusr1)
    for await signal in signals.cancelOnGracefulShutdown() {
      front.proxy.reopenAccessLog()
      if signal == .sighup { await front.reloader?.reload(cause: "SIGHUP") }
    }
  }
}

/// Says on standard output where the proxy listens, once it does; scripts wait for these lines.
private struct Announcement: Service {
  let front: FrontProxy

  func run() async throws {
    // Throws at shutdown, which may come before anything is bound.
    try? await cancelWhenGracefulShutdown { try await announce() }
    try? await gracefulShutdown()
    ServiceNotification.stopping()
  }

  private func announce() async throws {
    let proxy = try await front.proxy.boundAddress()
    Terminal.standardOutput.write("proxy listening on \(proxy)\n")
    ServiceNotification.ready()
    if let admin = try await front.addresses().admin {
      Terminal.standardOutput.write("admin listening on \(admin)\n")
    }
  }
}

/// Levels as the command line names them.
enum LogLevel: String, CaseIterable, ExpressibleByArgument {
  case trace, debug, info, notice, warning, error

  var level: Logger.Level { Logger.Level(rawValue: rawValue) ?? .info }
}
