// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
  import Logging
  import NIOCore
  import NIOPosix
  import RoutingDecisions
  import Synchronization

  /// One thread a worker, each with an epoll loop and a listener of its own; the kernel spreads the
  /// clients over the listeners.
  final class EpollTransport: ProxyTransport {
    private let configuration: ProxyConfiguration
    private let parts: ServerParts
    private let threads: NIOThreadPool
    private let workers = Mutex<[EpollWorker]>([])
    /// Waits for an older process to leave the port; nil once it has.
    private let succession = Mutex<Task<Void, Never>?>(nil)
    private let steering = Mutex<ListenerSteering?>(nil)

    init(_ configuration: ProxyConfiguration, _ parts: ServerParts) {
      self.configuration = configuration
      self.parts = parts
      threads = NIOThreadPool(numberOfThreads: configuration.workers)
    }

    func start() async throws -> NetworkAddress {
      var (sockets, port) = try bind(try await resolveListener())
      let steering = ListenerSteering(sockets[0], own: sockets.count)
      self.steering.withLock { $0 = steering }
      // A worker owns its socket from the moment it listens on it.
      defer { for socket in sockets { socket.close() } }
      threads.start()
      for index in 0..<configuration.workers {
        let worker = try startWorker(index)
        let socket = sockets.removeFirst()
        guard try await worker.loop.submit({ worker.listen(socket) }).get() else {
          throw Self.exhausted
        }
      }
      if parts.takesOver { takeOver(steering) }
      return NetworkAddress(host: configuration.listen.host, port: port)
    }

    private func startWorker(_ index: Int) throws -> EpollWorker {
      guard let loop = EpollLoop() else { throw Self.exhausted }
      let worker = EpollWorker(loop, configuration, parts, index: index)
      workers.withLock { $0.append(worker) }
      threads.submit { _ in loop.run(for: worker) }
      return worker
    }

    func adopt(_ change: WorkerChange) async {
      for worker in running { try? await worker.loop.submit { worker.adopt(change) }.get() }
    }

    func retire(_ upstreams: [Int]) async {
      for worker in running { try? await worker.loop.submit { worker.retire(upstreams) }.get() }
    }

    func stopListening() async {
      let succession = succession.withLock { $0 }
      succession?.cancel()
      await succession?.value
      steering.withLock(\.self)?.leave(asNewcomer: succession != nil)
      for worker in running { try? await worker.loop.submit { worker.stopListening() }.get() }
    }

    func beginDrain(limit: Duration) async {
      let limit = TimeAmount(limit)
      for worker in running {
        let begun = worker.loop.submit {
          _ = worker.loop.scheduleTask(in: limit) { worker.stop() }
          worker.drain()
        }
        try? await begun.get()
      }
    }

    func drained() async {
      for worker in running { try? await worker.drained.futureResult.get() }
    }

    func shutDown() async {
      for worker in running {
        try? await worker.loop.submit { worker.stop() }.get()
        worker.loop.stop()
      }
      try? await threads.shutdownGracefully()
    }
  }

  // MARK: - Taking over

  extension EpollTransport {
    /// Time between two looks for the older process.
    private static let patience = Duration.milliseconds(500)

    private func takeOver(_ steering: ListenerSteering) {
      if !steering.begin() {
        parts.logger.warning(
          "connections are not led past the older process",
          metadata: ["consequence": "one that comes while it closes its listener may be reset"])
      }
      let logger = parts.logger
      let task = Task {
        while (try? await Task.sleep(for: Self.patience)) != nil {
          if steering.endWhenAlone() {
            succession.withLock { $0 = nil }
            return logger.info("the older process has left the port")
          }
        }
      }
      succession.withLock { $0 = task }
    }
  }

  extension EpollTransport {
    private var running: [EpollWorker] { workers.withLock(\.self) }

    private static let exhausted = ProxyServerError(
      code: .bindFailed,
      message: "The system has no descriptors left for a listener. Raise the limit of open files "
        + "(ulimit -n), or lower proxy.workers.")

    private func resolveListener() async throws -> [SocketName] {
      let address = configuration.listen
      let names = try await NIOThreadPool.singleton.runIfActive { SocketName.resolve(address) }
      if names.isEmpty {
        throw ProxyServerError.cannotListen(on: address, "the host name is unknown")
      }
      return names
    }

    /// One listener a worker, all on the port that the first one got.
    private func bind(
      _ candidates: [SocketName]
    ) throws -> (sockets: [SystemSocket], port: Int) {
      var failure = ListenFailure(text: "no address")
      for candidate in candidates {
        do {
          let first = try SystemSocket.listening(on: candidate, joins: parts.takesOver).get()
          guard let name = first.localName, let port = name.networkAddress?.port else {
            first.close()
            throw ListenFailure.last
          }
          var sockets = [first]
          do {
            while sockets.count < configuration.workers {
              sockets.append(try SystemSocket.listening(on: name, joins: true).get())
            }
          } catch {
            for socket in sockets { socket.close() }
            throw error
          }
          return (sockets, port)
        } catch let error as ListenFailure {
          failure = error
        }
      }
      throw ProxyServerError.cannotListen(on: configuration.listen, failure.text)
    }
  }
#endif
