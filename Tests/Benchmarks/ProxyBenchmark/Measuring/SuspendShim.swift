// SPDX-License-Identifier: Apache-2.0

/// A library to be loaded first. valgrind before 3.21 writes to the mask that `sigsuspend` was
/// given and dies when that lies in read-only memory, as it does where libdispatch parks the main
/// thread of every asynchronous Swift program.
enum SuspendShim {
  private static let source = """
    #define _GNU_SOURCE
    #include <dlfcn.h>
    #include <signal.h>
    int sigsuspend(const sigset_t *mask) {
      sigset_t copy = *mask;
      int (*next)(const sigset_t *) = (int (*)(const sigset_t *))dlsym(RTLD_NEXT, "sigsuspend");
      return next(&copy);
    }

    """

  /// Path of the compiled library; nil when there is no C compiler.
  static func build() throws -> String? {
    guard let compiler = Contenders.path(of: "clang") ?? Contenders.path(of: "cc") else {
      return nil
    }
    let file = try ScratchFolder.shared.write(source, to: "suspend.c")
    let library = try ScratchFolder.shared.path("suspend.so")
    let outcome = try ChildProcess.run(
      compiler, ["-shared", "-fPIC", "-O1", "-o", library, file])
    return outcome.status == 0 ? library : nil
  }
}
