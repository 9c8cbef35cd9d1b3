// SPDX-License-Identifier: Apache-2.0

import ConfigurationFiles
import RoutingDecisions
import Testing

@Suite struct ConfigurationFileTests {
  @Test func aMissingFileSaysSo() {
    let decoded = ConfigurationFile.load("no/such/strangler.yaml")
    #expect(
      decoded.diagnostics.map(\.description) == [
        "error: there is no file no/such/strangler.yaml; name one with --config"
      ])
  }
}
