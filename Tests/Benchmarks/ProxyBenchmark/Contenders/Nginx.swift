// SPDX-License-Identifier: Apache-2.0

struct Nginx: Contender {
  let name = "nginx"
  let program: String
  let versionArguments = ["-v"]

  func prepare(_ task: ProxyTask, prefix: String) throws -> [String] {
    let scratch = ScratchFolder.shared
    let file = try scratch.write(
      configuration(task, temporary: scratch.path("\(prefix)-bodies")), to: "\(prefix).conf")
    return [
      "-e", try scratch.path("\(prefix)-errors"), "-p", try scratch.path(""), "-c", file,
    ]
  }

  /// Answers fit into the buffers, so that none is written to a file.
  private func configuration(_ task: ProxyTask, temporary: String) throws -> String {
    """
    daemon off;
    master_process \(task.isOneProcess ? "off" : "on");
    \(ProcessEnvironment.isRoot ? "user root;" : "")
    worker_processes \(task.workers);
    pid \(temporary).pid;
    error_log \(temporary).log error;
    events { worker_connections 8192; }
    http {
      access_log off;
      client_body_temp_path \(temporary)-client;
      proxy_temp_path \(temporary)-proxy;
      fastcgi_temp_path \(temporary)-fastcgi;
      uwsgi_temp_path \(temporary)-uwsgi;
      scgi_temp_path \(temporary)-scgi;
      keepalive_requests 1000000000;
      keepalive_timeout \(task.idleSeconds)s;
      split_clients $http_x_user_id $side { 50% extracted; * legacy; }
      upstream legacy {
        server 127.0.0.1:\(task.legacy); keepalive 128; keepalive_requests 1000000000;
      }
      upstream extracted {
        server 127.0.0.1:\(task.extracted); keepalive 128; keepalive_requests 1000000000;
      }
      server {
        listen 127.0.0.1:\(task.listen) \(listening(task));
        \(task.certificate.map(tls) ?? "")
        location /items/ {
          proxy_pass http://$side;
          proxy_http_version 1.1;
          proxy_set_header Host $host;
          proxy_set_header Connection "";
          proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
          proxy_connect_timeout 2s;
          proxy_read_timeout 30s;
          proxy_buffer_size 16k;
          proxy_buffers 8 16k;
          proxy_busy_buffers_size 64k;
          proxy_max_temp_file_size 0;
        }
        location / { return 404; }
      }
    }

    """
  }
  private func listening(_ task: ProxyTask) -> String {
    let options = [
      ("backlog=4096", true), ("reuseport", task.workers > 1), ("ssl", task.client.isTLS),
      ("http2", task.client.isHTTP2),
    ]
    return options.filter(\.1).map(\.0).joined(separator: " ")
  }

  private func tls(_ certificate: ServerCertificate) -> String {
    "ssl_certificate \(certificate.certificate); ssl_certificate_key \(certificate.key); "
      + "ssl_protocols TLSv1.3; ssl_conf_command Ciphersuites \(ServerCertificate.cipher);"
  }
}
