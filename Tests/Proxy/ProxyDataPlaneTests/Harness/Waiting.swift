// SPDX-License-Identifier: Apache-2.0

/// For loops that wait for a state: a test's time limit ends one that is never reached.
func letOthersRun() async throws {
  try Task.checkCancellation()
  await Task.yield()
}
