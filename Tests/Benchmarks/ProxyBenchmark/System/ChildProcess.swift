// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// A process that this one started, in a group of its own, and ends again by its number.
final class ChildProcess {
  /// Groups that still run, for the case that a signal ends the benchmark.
  private static let running = Mutex<Set<pid_t>>([])

  let pid: pid_t
  private(set) var status: Int32?

  /// - Parameters:
  ///   - command: the program, looked up in PATH, and its arguments.
  ///   - output: file that takes standard output and standard error.
  init(_ command: [String], output: String) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var noSignals = sigset_t()
    sigemptyset(&noSignals)
    posix_spawnattr_setsigmask(&attributes, &noSignals)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETPGROUP) | Int16(POSIX_SPAWN_SETSIGMASK))
    var arguments = command.map { strdup($0) }
    defer { for argument in arguments { free(argument) } }
    arguments.append(nil)
    var pid: pid_t = 0
    let error = posix_spawnp(&pid, command[0], &actions, &attributes, arguments, environ)
    if error != 0 {
      throw BenchmarkError("cannot start \(command[0]): \(String(cString: strerror(error)))")
    }
    self.pid = pid
    Self.running.withLock { _ = $0.insert(pid) }
  }

  var hasEnded: Bool {
    if status != nil { return true }
    var status: Int32 = 0
    if waitpid(pid, &status, WNOHANG) == 0 { return false }
    ended(status)
    return true
  }

  /// Asks it to end, and ends its whole group after five seconds.
  func stop(signal: Int32 = SIGTERM) {
    if hasEnded { return }
    kill(pid, signal)
    if Instant.wait(upTo: 5, until: { hasEnded }) { return }
    kill(-pid, SIGKILL)
    var status: Int32 = 0
    waitpid(pid, &status, 0)
    ended(status)
  }

  /// Runs a command to its end.
  static func run(_ program: String, _ arguments: [String]) throws -> (
    status: Int32, output: String
  ) {
    let file = try ScratchFolder.shared.path("command-output")
    let child = try ChildProcess([program] + arguments, output: file)
    if !Instant.wait(upTo: 30, until: { child.hasEnded }) { child.stop() }
    return (child.status ?? -1, ProcessFiles.text(file) ?? "")
  }

  /// Ends every group at once; for signals only.
  static func killAll() {
    running.withLock { for group in $0 { kill(-group, SIGKILL) } }
  }

  private func ended(_ status: Int32) {
    self.status = status
    // Workers that outlived their parent.
    kill(-pid, SIGKILL)
    Self.running.withLock { _ = $0.remove(pid) }
  }
}
