// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc

/// Ends everything this process started when it is told to end itself.
enum EndOnSignal {
  static func install() {
    var signals = sigset_t()
    sigemptyset(&signals)
    for signal in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&signals, signal) }
    // Threads that start later inherit the mask, so that only the one below is told.
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    let waited = signals
    Thread.detachNewThread {
      var waited = waited
      var signal: Int32 = 0
      sigwait(&waited, &signal)
      ChildProcess.killAll()
      ScratchFolder.shared.remove()
      exit(128 + signal)
    }
  }
}
