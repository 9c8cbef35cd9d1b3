// SPDX-License-Identifier: Apache-2.0

package import Foundation
internal import Synchronization

/// A process that `posix_spawn` started, with nothing of this one's but its environment and what it
/// is given as standard input, output and error.
///
/// Foundation's `Process` reads beyond its memory once in some thousand starts when many threads
/// start processes, and takes the whole program with it; a rig that kills for an hour, and a test
/// run of thousands, meet that.
package final class SpawnedProcess: Sendable {
  /// What a standard stream is connected to.
  package enum Stream: Sendable {
    /// `/dev/null`.
    case nothing
    /// A pipe whose other end this process has.
    case pipe
  }

  /// How a process ended.
  package enum Outcome: Sendable, Equatable {
    case exited(Int32)
    case signalled(Int32)

    /// The code, or the number of the signal.
    package var status: Int32 {
      switch self {
      case .exited(let code), .signalled(let code): code
      }
    }

    init(waitStatus status: Int32) {
      let signal = status & 0x7F
      self = signal == 0 ? .exited((status >> 8) & 0xFF) : .signalled(signal)
    }
  }

  /// The other ends of its pipes; nil where there is none.
  package let input: FileHandle?
  package let output: FileHandle?
  package let errors: FileHandle?
  /// Its process id, which is its own until it was waited for.
  package let processIdentifier: pid_t

  private struct Ending {
    var outcome: Outcome?
    var waiters: [@Sendable (Outcome) -> Void] = []
  }

  private let ending = Mutex(Ending())
  private let leadsGroup: Bool

  /// Starts a program.
  ///
  /// - Parameters:
  ///   - executable: its path; nothing is looked for.
  ///   - environment: nil for this process's own.
  ///   - leadsGroup: puts it and what it starts into a process group, which ends when it ends.
  /// - Throws: `Program.Failure` with the system's reason.
  package init(
    _ executable: String, _ arguments: [String], environment: [String: String]? = nil,
    input: Stream = .nothing, output: Stream = .nothing, errors: Stream = .nothing,
    leadsGroup: Bool = false
  ) throws {
    self.leadsGroup = leadsGroup
    var actions = Self.noActions
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    var theirs: [Int32] = []
    defer { for descriptor in theirs { close(descriptor) } }
    /// Connects one of its streams; what this process keeps of a pipe, and the child does not get.
    func connect(_ stream: Stream, to number: Int32) throws -> FileHandle? {
      switch stream {
      case .nothing:
        posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_RDWR, 0)
        return nil
      case .pipe:
        guard let ends = Self.pipe() else { throw Self.failure(executable, errno) }
        let (own, its) = number == STDIN_FILENO ? (ends[1], ends[0]) : (ends[0], ends[1])
        theirs.append(its)
        posix_spawn_file_actions_adddup2(&actions, its, number)
        return FileHandle(fileDescriptor: own, closeOnDealloc: true)
      }
    }
    self.input = try connect(input, to: STDIN_FILENO)
    self.output = try connect(output, to: STDOUT_FILENO)
    self.errors = try connect(errors, to: STDERR_FILENO)
    #if !canImport(Darwin)
      // What is not open is no error there.
      let most = min(Self.descriptors, Int32(clamping: sysconf(Int32(_SC_OPEN_MAX))))
      for descriptor in STDERR_FILENO + 1..<most {
        posix_spawn_file_actions_addclose(&actions, descriptor)
      }
    #endif
    let values = environment ?? ProcessInfo.processInfo.environment
    processIdentifier = try Self.spawn(
      executable, [executable] + arguments, values.map { "\($0)=\($1)" }, &actions,
      leadsGroup: leadsGroup)
    Thread { [self] in waitForEnd() }.start()
  }

  // Darwin keeps both behind pointers, and closes what is not named by a flag of its own.
  #if canImport(Darwin)
    private typealias Actions = posix_spawn_file_actions_t?
    private static var noActions: Actions { nil }
    private static var noAttributes: posix_spawnattr_t? { nil }
    private static let flags =
      POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_CLOEXEC_DEFAULT
  #else
    private typealias Actions = posix_spawn_file_actions_t
    private static var noActions: Actions { Actions() }
    private static var noAttributes: posix_spawnattr_t { posix_spawnattr_t() }
    private static let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
  #endif

  /// Below this a child has nothing open but its streams.
  private static let descriptors: Int32 = 1_024

  /// Two ends that other children do not inherit; nil with a reason in `errno`.
  private static func pipe() -> [Int32]? {
    var ends: [Int32] = [0, 0]
    guard Foundation.pipe(&ends) == 0 else { return nil }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return ends
  }

  private static func spawn(
    _ executable: String, _ arguments: [String], _ environment: [String],
    _ actions: inout Actions, leadsGroup: Bool
  ) throws -> pid_t {
    var attributes = noAttributes
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // What this process ignores or holds back, the child need not.
    var (none, defaults) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    sigemptyset(&defaults)
    for signal in [SIGPIPE, SIGINT, SIGTERM, SIGHUP] { sigaddset(&defaults, signal) }
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    posix_spawnattr_setflags(&attributes, Int16(flags | (leadsGroup ? POSIX_SPAWN_SETPGROUP : 0)))
    var argumentList = arguments.map { strdup($0) } + [nil]
    var environmentList = environment.map { strdup($0) } + [nil]
    defer { for text in argumentList + environmentList { free(text) } }
    var id = pid_t()
    let reason = posix_spawn(
      &id, executable, &actions, &attributes, &argumentList, &environmentList)
    guard reason == 0 else { throw failure(executable, reason) }
    return id
  }

  /// Its id is given to nobody else before it is collected, which nobody does who sends a signal.
  private func waitForEnd() {
    var ended = siginfo_t()
    while waitid(P_PID, id_t(processIdentifier), &ended, WEXITED | WNOWAIT) == -1, errno == EINTR {}
    let (outcome, waiters) = ending.withLock { ending in
      if leadsGroup { kill(-processIdentifier, SIGKILL) }
      var status: Int32 = 0
      while waitpid(processIdentifier, &status, 0) == -1, errno == EINTR {}
      let outcome = Outcome(waitStatus: status)
      ending.outcome = outcome
      defer { ending.waiters = [] }
      return (outcome, ending.waiters)
    }
    for waiter in waiters { waiter(outcome) }
  }

  /// Calls when it has ended, at once if it has already, and on a thread of its own otherwise.
  package func whenEnded(_ body: @escaping @Sendable (Outcome) -> Void) {
    let outcome = ending.withLock { ending in
      if ending.outcome == nil { ending.waiters.append(body) }
      return ending.outcome
    }
    if let outcome { body(outcome) }
  }

  private static func failure(_ executable: String, _ reason: Int32) -> Program.Failure {
    Program.Failure(description: "cannot start \(executable): \(String(cString: strerror(reason)))")
  }

  /// How it ended; nil before that.
  package var outcome: Outcome? { ending.withLock { $0.outcome } }

  package var isRunning: Bool { outcome == nil }

  /// Sends a signal, to nobody once it has ended.
  package func signal(_ number: Int32) {
    ending.withLock { ending in
      if ending.outcome == nil { kill(processIdentifier, number) }
    }
  }

  /// Sends a signal to it and to all of the group that it leads, to nobody once it has ended.
  package func signalGroup(_ number: Int32) {
    ending.withLock { ending in
      if ending.outcome == nil, leadsGroup { kill(-processIdentifier, number) }
    }
  }

  /// Hands over what a pipe brings, as it comes and to its end, on a thread of its own.
  package static func read(
    _ handle: FileHandle, _ take: @escaping @Sendable ([UInt8]) -> Void,
    atEnd: @escaping @Sendable () -> Void = {}
  ) {
    Thread {
      var buffer = [UInt8](repeating: 0, count: 64 << 10)
      while true {
        let count = Foundation.read(handle.fileDescriptor, &buffer, buffer.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { break }
        take(Array(buffer[..<count]))
      }
      atEnd()
    }.start()
  }
}
