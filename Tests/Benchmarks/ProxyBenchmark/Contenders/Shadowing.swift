// SPDX-License-Identifier: Apache-2.0

/// strangler on one transport, whose traffic goes to legacy alone and may be shadowed.
struct ShadowingStrangler: Contender {
  let name: String
  let program: String
  let transport: String
  /// `{ mode: ... }`; nil shadows nothing.
  let shadow: String?
  /// Where copies go; nil takes the origin's other port.
  var port: UInt16?
  let versionArguments: [String] = []

  func prepare(_ task: ProxyTask, prefix: String) throws -> [String] {
    let evidence = try ScratchFolder.shared.path("\(prefix).sqlite")
    let configuration = """
      proxy:
        listen: 127.0.0.1:\(task.listen)
        workers: \(task.workers)
        transport: \(transport)
        timeouts: { connect: 2s, response-head: 30s, idle: 60s, drain: 1s }
      upstreams:
        legacy: { endpoints: [127.0.0.1:\(task.legacy)] }
        extracted: { endpoints: [127.0.0.1:\(port ?? task.extracted)] }
      routes:
        - name: items
          match: { path: /items/** }
          legacy: legacy
          extracted: extracted
          \(shadow.map { "shadow: \($0)" } ?? "")

      """
    let file = try ScratchFolder.shared.write(configuration, to: "\(prefix).yaml")
    return ["proxy", "--config", file, "--evidence", evidence, "--log-level", "error"]
  }
}

/// nginx, whose traffic goes to legacy alone and may be mirrored.
struct MirroringNginx: Contender {
  let name: String
  let program: String
  /// Share of the requests that are mirrored; nil mirrors none.
  let percent: Int?
  /// Where copies go; nil takes the origin's other port.
  var port: UInt16?
  let versionArguments: [String] = []

  func prepare(_ task: ProxyTask, prefix: String) throws -> [String] {
    let scratch = ScratchFolder.shared
    let temporary = try scratch.path("\(prefix)-bodies")
    let file = try scratch.write(configuration(task, temporary), to: "\(prefix).conf")
    return ["-e", try scratch.path("\(prefix)-errors"), "-p", try scratch.path(""), "-c", file]
  }

  private func configuration(_ task: ProxyTask, _ temporary: String) -> String {
    let isAll = percent == 100
    let share = "\(percent ?? 0)%"
    let picks =
      percent == nil || isAll ? "" : "split_clients $request_id $side { \(share) on; * off; }"
    return """
      daemon off;
      \(ProcessEnvironment.isRoot ? "user root;" : "")
      worker_processes \(task.workers);
      pid \(temporary).pid;
      error_log \(temporary).log crit;
      events { worker_connections 8192; }
      http {
        access_log off;
        client_body_temp_path \(temporary)-client;
        proxy_temp_path \(temporary)-proxy;
        fastcgi_temp_path \(temporary)-fastcgi;
        uwsgi_temp_path \(temporary)-uwsgi;
        scgi_temp_path \(temporary)-scgi;
        keepalive_requests 1000000000;
        \(picks)
        upstream legacy {
          server 127.0.0.1:\(task.legacy); keepalive 128; keepalive_requests 1000000000;
        }
        upstream copies {
          server 127.0.0.1:\(port ?? task.extracted); keepalive 128; keepalive_requests 1000000000;
        }
        server {
          listen 127.0.0.1:\(task.listen) backlog=4096;
          proxy_http_version 1.1;
          proxy_set_header Host $host;
          proxy_set_header Connection "";
          location /items/ {
            \(percent == nil ? "" : "mirror /copy;")
            proxy_pass http://legacy;
          }
          location = /copy {
            internal;
            \(percent == nil || isAll ? "" : "if ($side = off) { return 204; }")
            proxy_connect_timeout 2s;
            proxy_read_timeout 10s;
            proxy_pass http://copies$request_uri;
          }
        }
      }

      """
  }
}
