// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Logging
import RoutingDecisions
import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Writes lines of all workers to a file or to standard output, on a thread of its own: a disk that
/// is slow or full costs lines, which are counted, and never a worker's time.
final class AccessLog: Sendable {
  /// Time for which lines are gathered before they are written.
  private static let gathering = DispatchTimeInterval.milliseconds(50)
  /// How long the end of the server waits for lines to be written.
  private static let lastWrite = DispatchTimeInterval.seconds(2)

  /// Share of the requests that are logged.
  let sample: Double
  let includesQuery: Bool
  private let path: String
  private let queues: [ObservationQueue]
  private let counters: ObservationCounters
  private let logger: Logger
  private let writing = DispatchQueue(label: "strangler.access-log")
  private let isScheduled = Atomic<Bool>(false)
  /// Touched on `writing` only, but for the start.
  private let file: Mutex<LogFile>

  init(
    _ configuration: AccessLogConfiguration, workers: Int, counters: ObservationCounters,
    logger: Logger
  ) throws {
    sample = configuration.sample
    includesQuery = configuration.includesQuery
    path = configuration.path
    queues = (0..<workers).map { _ in ObservationQueue() }
    self.counters = counters
    self.logger = logger
    switch LogFile.open(configuration.path) {
    case .success(let file): self.file = Mutex(file)
    case .failure(let failure):
      throw ProxyServerError(
        code: .accessLogFailed,
        message: "Cannot write the access log \(configuration.path): \(failure.text). Name "
          + "another file with proxy.access-log.path, or - for standard output.")
    }
  }

  /// Never waits.
  func offer(_ line: [UInt8], worker: Int) {
    if !queues[worker].offer(line) { counters.lostLines(1) }
    schedule()
  }

  private func schedule() {
    if isScheduled.exchange(true, ordering: .acquiringAndReleasing) { return }
    writing.asyncAfter(deadline: .now() + Self.gathering) { [self] in
      isScheduled.store(false, ordering: .releasing)
      writeWaiting()
    }
  }

  /// Opens the file anew, after it was renamed; what was offered before goes to the old one.
  func reopen() {
    writing.async { [self] in
      writeWaiting()
      switch LogFile.open(path) {
      case .success(let opened): file.withLock { $0.replace(with: opened) }
      case .failure(let failure):
        logger.error(
          "access log stays with the old file",
          metadata: ["path": "\(path)", "reason": "\(failure.text)"])
      }
    }
  }

  /// Writes what waits, unless that takes too long.
  func finish() {
    let done = DispatchGroup()
    writing.async(group: done) { [self] in writeWaiting() }
    _ = done.wait(timeout: .now() + Self.lastWrite)
  }

  private func writeWaiting() {
    for queue in queues {
      let (bytes, count) = queue.take()
      if bytes.isEmpty { continue }
      if let failure = file.withLock({ $0.write(bytes) }) {
        counters.lostLines(count)
        logger.error(
          "access log lost lines",
          metadata: ["path": "\(path)", "lines": "\(count)", "reason": "\(failure.text)"])
      }
    }
  }
}

/// A file that lines are appended to.
struct LogFile: Sendable {
  struct Failure: Error {
    let text: String
    static var last: Failure { Failure(text: String(cString: strerror(errno))) }
  }

  private var descriptor: Int32
  private let isOwned: Bool

  /// `-` is standard output.
  static func open(_ path: String) -> Result<LogFile, Failure> {
    if path == "-" { return .success(LogFile(descriptor: STDOUT_FILENO, isOwned: false)) }
    let flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC
    #if canImport(Darwin)
      let descriptor = Darwin.open(path, flags, 0o640)
    #elseif canImport(Musl)
      let descriptor = Musl.open(path, flags, 0o640)
    #else
      let descriptor = Glibc.open(path, flags, 0o640)
    #endif
    return descriptor < 0
      ? .failure(.last) : .success(LogFile(descriptor: descriptor, isOwned: true))
  }

  mutating func replace(with other: LogFile) {
    if isOwned { close(descriptor) }
    self = other
  }

  /// nil when everything was written.
  func write(_ bytes: [UInt8]) -> Failure? {
    bytes.withUnsafeBytes { bytes in
      var rest = bytes
      while let start = rest.baseAddress, !rest.isEmpty {
        #if canImport(Darwin)
          let count = Darwin.write(descriptor, start, rest.count)
        #elseif canImport(Musl)
          let count = Musl.write(descriptor, start, rest.count)
        #else
          let count = Glibc.write(descriptor, start, rest.count)
        #endif
        if count > 0 {
          rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        } else if errno == EAGAIN {
          waitUntilWritable()
        } else if errno != EINTR {
          return .last
        }
      }
      return nil
    }
  }

  /// Standard output may be a pipe that somebody made non-blocking.
  private func waitUntilWritable() {
    var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    poll(&entry, 1, -1)
  }
}
