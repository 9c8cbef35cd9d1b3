// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ControlPlane

struct CutoverCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cutover",
    abstract: "Move routes by plan: start, watch, approve, take back, and see who did what.",
    discussion: """
      Orders go to a running proxy, which carries the plans of its configuration out. Each is
      written into its journal, with who gave it and why, before it has an effect.

      The admin address and the token are read from the configuration (--config), or given with
      --admin and --token-file or the environment variable STRANGLER_ADMIN_TOKEN.

      EXAMPLES
        strangler cutover start orders --reason 'ticket 12'
        strangler cutover status
        strangler cutover approve orders --reason 'dashboards look fine'
        strangler cutover rollback orders --reason 'customers call'
        strangler cutover history
        strangler cutover kill-switch on --reason 'the new cluster is gone'

      EXIT CODES
        0  done
        1  refused: it makes no sense now, or the journal is not what was written
        2  wrong arguments, an unknown name, or a proxy that cannot be reached
      """,
    subcommands: [
      CutoverStatusCommand.self, CutoverStartCommand.self, CutoverApproveCommand.self,
      CutoverPauseCommand.self, CutoverResumeCommand.self, CutoverRollbackCommand.self,
      CutoverFreezeCommand.self, CutoverUnfreezeCommand.self, CutoverKillSwitchCommand.self,
      CutoverHistoryCommand.self, CutoverVerifyCommand.self, CutoverRevertCommand.self,
    ])

  /// Gives an order to one cutover and says where it stands then.
  static func give(
    _ order: String, to cutover: String, _ options: OrderOptions,
    with members: [String: OrderMember] = [:]
  ) async throws {
    let answer = try await options.admin.connect()
      .post("/cutovers/\(cutover.inPath)/\(order)", options.body(members))
    try write(answer, options.format) { CutoverText.status(try $0.decoded()) }
  }

  /// Gives an order that concerns everything.
  static func give(
    _ path: String, _ members: [String: OrderMember], _ options: OrderOptions
  ) async throws {
    let answer = try await options.admin.connect().post(path, options.body(members))
    try write(answer, options.format) { CutoverText.overview(try $0.decoded()) }
  }
}
