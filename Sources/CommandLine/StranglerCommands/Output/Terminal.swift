// SPDX-License-Identifier: Apache-2.0
internal import AnalysisReports

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// One of the process's output streams, and what it is connected to.
struct Terminal: Sendable {
  static let standardOutput = Terminal(descriptor: STDOUT_FILENO)
  static let standardError = Terminal(descriptor: STDERR_FILENO)

  let descriptor: Int32

  /// True when a person sees the output directly.
  var isInteractive: Bool { isatty(descriptor) == 1 }

  /// True when colour may be used: a terminal, and neither NO_COLOR nor TERM=dumb.
  var allowsColour: Bool {
    isInteractive && getenv("NO_COLOR") == nil
      && getenv("TERM").map { String(cString: $0) } != "dumb"
  }

  /// What COLUMNS says, where it is set; else the columns of the terminal, and 100 where the output
  /// goes to a file or a pipe.
  var width: Int {
    let said = getenv("COLUMNS").flatMap { Int(String(cString: $0)) }
    if let said, (1...10_000).contains(said) { return said }
    var size = winsize()
    guard isInteractive, ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
      return 100
    }
    return Int(size.ws_col)
  }

  /// Writes all of the text; a pipe and a file get it as it is. A person's terminal gets no control
  /// sequence but colours: file names, answers of servers and what else the text quotes may hold
  /// others.
  func write(_ text: String) { send(isInteractive ? TerminalText.shown(text) : text) }

  /// Sends bytes as they are, control sequences of our own included. A closed pipe ends the output
  /// quietly, as `strangler ... | head` expects. Any other failure of standard output ends the
  /// program with 2: nobody may take a part of an answer for all of it.
  func send(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)
      while let start = rest.baseAddress, !rest.isEmpty {
        #if canImport(Darwin)
          let count = Darwin.write(descriptor, start, rest.count)
        #elseif canImport(Glibc)
          let count = Glibc.write(descriptor, start, rest.count)
        #else
          let count = Musl.write(descriptor, start, rest.count)
        #endif
        if count < 0, errno == EINTR { continue }
        if count < 0, errno == EAGAIN {
          var waited = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
          _ = poll(&waited, 1, -1)
          continue
        }
        if count < 0, errno != EPIPE, descriptor == STDOUT_FILENO {
          let reason = String(cString: strerror(errno))
          Terminal.standardError.write("error: the output cannot be written: \(reason)\n")
          exit(2)
        }
        guard count > 0 else { return }
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      }
    }
  }
}
