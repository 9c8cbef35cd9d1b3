// SPDX-License-Identifier: Apache-2.0

// snippet.show
import ConfigurationFiles
import ControlPlane
import Logging
import ProxyDataPlane

/// The proxy as `strangler proxy` runs it, in a process of one's own: with the admin API, and with
/// a configuration that it reads again when it is asked to.
///
/// - Parameters:
///   - file: a `strangler.yaml`.
///   - modules: what answers in this process, by the names that upstreams give as `module`.
func frontProxy(
  _ file: String, modules: [String: any InProcessModule] = [:], logger: Logger
) throws -> FrontProxy {
  try FrontProxy(
    configuration: ConfigurationFile.load(file).get(), modules: modules,
    source: { ConfigurationFile.load(file) }, logger: logger)
}
// snippet.hide
