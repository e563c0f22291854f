//! Calls every function of every interface with right and wrong arguments, and tells what it
//! got. What depends on the machine or the moment is told by its shape only.

use astrid_sdk::astrid_sys::{self, CapsuleResult, Guest, astrid};
use astrid::approval::host as approval;
use astrid::elicit::host as elicit;
use astrid::fs::host as fs;
use astrid::http1_1_0::host as http;
use astrid::identity::host as identity;
use astrid::io::poll;
use astrid::ipc::host as ipc;
use astrid::kv::host as kv;
use astrid::net::host as net;
use astrid::process1_1_0::host as process;
use astrid::request_context::host as context;
use astrid::sys::host as sys;
use astrid::uplink::host as uplink;

struct Conformance;

/// A line: what was called, and what came of it.
type Lines = Vec<(String, String)>;

macro_rules! tell {
    ($lines:ident, $name:expr, $value:expr) => {
        $lines.push(($name.to_string(), format!("{:?}", $value)))
    };
}

fn sys_lines(l: &mut Lines) {
    for key in ["PLAIN", "NUMBER", "UNSET", "ABSENT", ""] {
        tell!(l, format!("get-config {key:?}"), sys::get_config(key));
    }
    let caller = sys::get_caller();
    tell!(l, "get-caller principal", caller.as_ref().map(|c| c.principal.is_some()));
    sys::log(sys::LogLevel::Info, "a line of the log");
    tell!(l, "clock-ms after 2020", sys::clock_ms() > 1_577_836_800_000);
    let before = sys::clock_monotonic_ns();
    tell!(l, "sleep-ns 1 ms", sys::sleep_ns(1_000_000));
    tell!(l, "clock-monotonic-ns moves", sys::clock_monotonic_ns() >= before + 1_000_000);
    tell!(l, "sleep-ns 0", sys::sleep_ns(0));
    tell!(l, "sleep-ns 61 s", sys::sleep_ns(61_000_000_000));
    for n in [0, 1, 32, 4096, 4097, u64::MAX] {
        tell!(l, format!("random-bytes {n}"), sys::random_bytes(n).map(|b| b.len()));
    }
    tell!(l, "signal-ready outside of a run loop", sys::signal_ready());
    tell!(l, "enumerate-capabilities", sys::enumerate_capabilities());
    for uuid in ["", "x", "00000000-0000-0000-0000-000000000000"] {
        let request = sys::CapabilityCheckRequest { source_uuid: uuid.into(), capability: "net".into() };
        tell!(l, format!("check-capsule-capability {uuid:?}"), sys::check_capsule_capability(&request));
    }
}

fn kv_lines(l: &mut Lines) {
    tell!(l, "kv-get absent", kv::kv_get("absent"));
    tell!(l, "kv-get empty key", kv::kv_get(""));
    tell!(l, "kv-get null in key", kv::kv_get("a\0b"));
    tell!(l, "kv-set a", kv::kv_set("a", b"one"));
    tell!(l, "kv-set empty value", kv::kv_set("empty", b""));
    tell!(l, "kv-get empty value", kv::kv_get("empty"));
    tell!(l, "kv-get a", kv::kv_get("a"));
    tell!(l, "kv-set empty key", kv::kv_set("", b"x"));
    tell!(l, "kv-delete absent", kv::kv_delete("absent"));
    tell!(l, "kv-delete empty key", kv::kv_delete(""));
    for i in 0..5 {
        let _ = kv::kv_set(&format!("p/{i}"), &[i]);
    }
    let _ = kv::kv_set("pq", b"beside");
    tell!(l, "kv-list-keys p/", kv::kv_list_keys("p/"));
    tell!(l, "kv-list-keys all", kv::kv_list_keys(""));
    tell!(l, "kv-list-keys null", kv::kv_list_keys("\0"));
    tell!(l, "page 1", kv::kv_list_keys_page("p/", None, 2));
    tell!(l, "page 2", kv::kv_list_keys_page("p/", Some("p/1"), 2));
    tell!(l, "page at the end", kv::kv_list_keys_page("p/", Some("p/3"), 2));
    tell!(l, "page beyond", kv::kv_list_keys_page("p/", Some("z"), 2));
    tell!(l, "page between", kv::kv_list_keys_page("p/", Some("p/1x"), 1));
    tell!(l, "page without limit", kv::kv_list_keys_page("p/", None, 0));
    tell!(l, "cas absent to new", kv::kv_cas("cas", None, b"1"));
    tell!(l, "cas absent again", kv::kv_cas("cas", None, b"2"));
    tell!(l, "cas right", kv::kv_cas("cas", Some(b"1"), b"2"));
    tell!(l, "cas wrong", kv::kv_cas("cas", Some(b"1"), b"3"));
    tell!(l, "cas absent key", kv::kv_cas("none", Some(b"1"), b"3"));
    tell!(l, "cas empty key", kv::kv_cas("", None, b"3"));
    tell!(l, "kv-clear-prefix p/", kv::kv_clear_prefix("p/"));
    tell!(l, "kv-clear-prefix again", kv::kv_clear_prefix("p/"));
    tell!(l, "kv-clear-prefix null", kv::kv_clear_prefix("\0"));
    tell!(l, "kv-list-keys after", kv::kv_list_keys(""));
    tell!(l, "kv-clear-prefix all", kv::kv_clear_prefix(""));
}

fn envelope(e: Result<ipc::IpcEnvelope, ipc::ErrorCode>) -> String {
    match e {
        Ok(e) => {
            let list: Vec<_> = e
                .messages
                .iter()
                .map(|m| format!("{} {} from {}", m.topic, m.payload, match &m.principal {
                    ipc::PrincipalAttribution::Verified(_) => "verified",
                    ipc::PrincipalAttribution::Claimed(_) => "claimed",
                    ipc::PrincipalAttribution::System => "system",
                }))
                .collect();
            format!("{list:?} dropped {} lagged {}", e.dropped, e.lagged)
        },
        Err(e) => format!("{e:?}"),
    }
}

fn ipc_lines(l: &mut Lines) {
    let long = "a".repeat(257);
    for topic in [
        "conform.v1.said", "conform.v1.x.deep", "conform.v1.x.y.deep", "conform.v1.all.one", "conform.v1.all.one.two",
        "conform.v1.all", "conform.v1.other", "", "a..b", ".a", "a.", "1.2.3.4.5.6.7.8.9", long.as_str(), "*",
        "tool.v1.response.describe.self", "tool.v1.execute.x.result",
    ] {
        tell!(l, format!("publish {:.40}", topic), ipc::publish(topic, "{}"));
    }
    tell!(l, "publish no JSON", ipc::publish("conform.v1.said", "no json"));
    tell!(l, "publish empty", ipc::publish("conform.v1.said", ""));
    tell!(l, "publish a number", ipc::publish("conform.v1.said", "7"));
    tell!(l, "publish 1 MiB", ipc::publish("conform.v1.said", &format!("\"{}\"", "x".repeat((1 << 20) - 2))));
    tell!(l, "publish more", ipc::publish("conform.v1.said", &format!("\"{}\"", "x".repeat((1 << 20) - 1))));
    tell!(l, "publish 6 MiB", ipc::publish("conform.v1.said", &format!("\"{}\"", "x".repeat(6 << 20))));
    tell!(l, "publish-as", ipc::publish_as("conform.v1.said", "{}", "alice"));
    for pattern in [
        "conform.v1.heard", "conform.v1.all.*", "conform.v1.all.x", "conform.v1.*", "conform.*.heard", "*", "",
        "a..b", "1.2.3.4.5.6.7.8.9", long.as_str(), "conform.v1.all.*.x",
    ] {
        tell!(l, format!("subscribe {:.40}", pattern), ipc::subscribe(pattern).map(|_| "subscribed"));
    }
    if let Ok(s) = ipc::subscribe("conform.v1.all.*") {
        tell!(l, "poll nothing", envelope(s.poll()));
        tell!(l, "recv nothing", envelope(s.recv(1)));
        tell!(l, "publish to myself", ipc::publish("conform.v1.all.me", "{\"b\": 1, \"a\": [true, null, 1.5, \"<é>\"]}"));
        let _ = ipc::publish("conform.v1.all.me.too", "2");
        tell!(l, "recv 1", envelope(s.recv(100)));
        tell!(l, "recv 2", envelope(s.recv(100)));
        tell!(l, "poll 3", envelope(s.poll()));
        // To wait for it (ready, block, poll) panics inside the runtime 2026.10.1.
        drop(s.subscribe_readiness());
    }
    tell!(l, "poll none", poll::poll(&[]));
    let many: Vec<_> = (0..200).map(|_| ipc::subscribe("conform.v1.heard")).collect();
    tell!(l, "subscriptions at once", many.iter().filter(|s| s.is_ok()).count());
    tell!(l, "one too many", many.iter().find_map(|s| s.as_ref().err().map(|e| format!("{e:?}"))));
    drop(many);
    tell!(l, "subscribe after dropping", ipc::subscribe("conform.v1.heard").map(|_| "subscribed"));
    tell!(l, "get-interceptor-bindings", ipc::get_interceptor_bindings());
}

fn kind(s: Result<fs::FileStat, fs::ErrorCode>) -> String {
    format!("{:?}", s.map(|s| (s.size, s.kind, s.mode)))
}

fn fs_lines(l: &mut Lines) {
    for path in [
        "cwd://", "cwd://.", "cwd://absent", "cwd://../up", "cwd://a/../b", "cwd://a//b", "cwd:///abs", "relative", "/absolute",
        "./dot", "a\0b", "home://", "home://in", "home://in/", "home://out", "home://in/../out", "home:///in", "/tmp", "/tmp/x", "/tmp/../x", "/etc/passwd", "",
        "file:///etc/passwd", "cwd://in/./x",
    ] {
        tell!(l, format!("fs-exists {path:?}"), fs::fs_exists(path));
        // A folder on the machine's disk has the size that the disk gives it.
        l.push((format!("fs-stat {path:?}"), kind(fs::fs_stat(path).map(|s| fs::FileStat { size: if path == "/tmp" { 0 } else { s.size }, ..s }))));
    }
    for path in ["cwd://out", "cwd://out/a/b", "cwd://other", "cwd://", "home://in", "home://in/x/y", "home://out", "/tmp/d"] {
        tell!(l, format!("fs-mkdir {path:?}"), fs::fs_mkdir(path));
    }
    tell!(l, "fs-mkdir again", fs::fs_mkdir("cwd://out"));
    tell!(l, "fs-mkdir-all", fs::fs_mkdir_all("cwd://out/a/b"));
    for path in ["cwd://out/f", "cwd://out/no/f", "cwd://out/a", "cwd://outside", "cwd://out/../x", "home://in/f", "home://f", "/tmp/f", "cwd://out", "cwd://"] {
        tell!(l, format!("write-file {path:?}"), fs::write_file(path, b"content"));
        tell!(l, format!("read-file {path:?}"), fs::read_file(path).map(|b| b.len()));
    }
    l.push(("fs-stat file".into(), kind(fs::fs_stat("cwd://out/f"))));
    l.push(("fs-stat folder".into(), kind(fs::fs_stat("cwd://out/a"))));
    tell!(l, "write-file over", fs::write_file("cwd://out/f", b"ab"));
    tell!(l, "read-file over", fs::read_file("cwd://out/f"));
    tell!(l, "write-file below a file", fs::write_file("cwd://out/f/g", b"x"));
    tell!(l, "fs-mkdir below a file", fs::fs_mkdir("cwd://out/f/g"));
    tell!(l, "fs-mkdir at a file", fs::fs_mkdir("cwd://out/f"));
    tell!(l, "write-file too large", fs::write_file("cwd://out/big", &vec![0; (10 << 20) + 1]));
    tell!(l, "fs-readdir", fs::fs_readdir("cwd://out").map(sorted));
    tell!(l, "fs-readdir file", fs::fs_readdir("cwd://out/f").map(sorted));
    tell!(l, "fs-readdir absent", fs::fs_readdir("cwd://out/none").map(sorted));
    tell!(l, "fs-readdir home", fs::fs_readdir("home://in").map(sorted));
    tell!(l, "fs-unlink folder", fs::fs_unlink("cwd://out/a"));
    tell!(l, "fs-unlink empty folder", fs::fs_unlink("cwd://out/a/b"));
    tell!(l, "fs-unlink file", fs::fs_unlink("cwd://out/f"));
    tell!(l, "fs-unlink again", fs::fs_unlink("cwd://out/f"));
    tell!(l, "fs-unlink elsewhere", fs::fs_unlink("cwd://other"));
    tell!(l, "fs-open", fs::fs_open("cwd://out/f", fs::OpenMode::Read).map(|_| "open"));
    l.push(("fs-stat-symlink".into(), kind(fs::fs_stat_symlink("cwd://out"))));
    tell!(l, "fs-append", fs::fs_append("cwd://out/f", b"x"));
    tell!(l, "fs-copy", fs::fs_copy("cwd://out/f", "cwd://out/g"));
    tell!(l, "fs-rename", fs::fs_rename("cwd://out/f", "cwd://out/g"));
    tell!(l, "fs-remove-dir-all", fs::fs_remove_dir_all("cwd://out"));
    tell!(l, "fs-canonicalize", fs::fs_canonicalize("cwd://out"));
    tell!(l, "fs-read-link", fs::fs_read_link("cwd://out"));
    tell!(l, "fs-hard-link", fs::fs_hard_link("cwd://out/f", "cwd://out/g"));
}

fn sorted(mut list: Vec<String>) -> Vec<String> {
    list.sort();
    list
}

fn request(url: &str) -> http::HttpRequestData {
    http::HttpRequestData { url: url.into(), method: http::HttpMethod::Get, headers: vec![], body: None }
}

fn net_lines(l: &mut Lines) {
    for url in ["https://denied.invalid/", "no url", "ftp://example.com/", "https:///path", "http://127.0.0.1:9/", ""] {
        tell!(l, format!("http-request {url:?}"), http::http_request(&request(url)).map(|r| r.status));
    }
    tell!(l, "http-stream-start", http::http_stream_start(&request("https://denied.invalid/")).map(|_| "started"));
    let options = || http::RequestOptions {
        timeouts: None, redirect: None, max_redirects: None, max_response_bytes: None, max_decompressed_bytes: None,
        auto_decompress: None, https_only: Some(true), integrity: None,
    };
    for url in ["https://denied.invalid/", "http://example.com/", "no url"] {
        tell!(l, format!("http-request-opts {url:?}"), http::http_request_opts(&request(url), &options()).map(|r| r.status));
        tell!(l, format!("http-stream-start-opts {url:?}"), http::http_stream_start_opts(&request(url), &options()).map(|_| "started"));
    }
    tell!(l, "http-upload-start", http::http_upload_start(&request("https://denied.invalid/"), &options()).map(|_| "started"));
    for (host, port) in [("denied.invalid", 80), ("", 80), ("127.0.0.1", 10), ("nobody.invalid", 80), ("127.0.0.1", 9)] {
        tell!(l, format!("connect-tcp {host:?} {port}"), net::connect_tcp(host, port).map(|_| "connected"));
    }
    tell!(l, "lookup-host denied", net::lookup_host("denied.invalid"));
    tell!(l, "lookup-host nobody", net::lookup_host("nobody.invalid"));
    tell!(l, "bind-tcp not declared", net::bind_tcp("127.0.0.1", 1).map(|_| "bound"));
    tell!(l, "bind-tcp elsewhere", net::bind_tcp("0.0.0.0", 21739).map(|_| "bound"));
    tell!(l, "bind-tcp empty", net::bind_tcp("", 21739).map(|_| "bound"));
    tell!(l, "bind-unix", net::bind_unix().map(|_| "bound"));
    tell!(l, "udp-bind", net::udp_bind("127.0.0.1", 0).map(|_| "bound"));
}

/// Somebody connects to this port, sends a message and three bytes, reads to the end and closes.
const PORT: u16 = 21739;

fn listener_lines(l: &mut Lines) {
    let listener = match net::bind_tcp("localhost", PORT) {
        Ok(listener) => listener,
        Err(e) => return tell!(l, "bind-tcp declared", e),
    };
    tell!(l, "bind-tcp again", net::bind_tcp("127.0.0.1", PORT).map(|_| "bound"));
    tell!(l, "listener local-addr", listener.local_addr());
    drop(listener.subscribe_readiness());
    match listener.poll_accept(60_000) {
        Ok(Some(stream)) => stream_lines(l, &stream),
        other => tell!(l, "poll-accept", other.map(|_| "nobody")),
    }
    drop(listener);
    let many: Vec<_> = (0..5).map(|_| net::bind_tcp("127.0.0.1", 0)).collect();
    tell!(l, "listeners at once", many.iter().map(|m| m.as_ref().map(|_| "bound")).collect::<Vec<_>>());
    tell!(l, "poll-accept nobody", many[0].as_ref().map(|m| m.poll_accept(1).map(|s| s.is_some())));
}

fn stream_lines(l: &mut Lines, s: &net::TcpStream) {
    let mut frame = net::NetReadStatus::Pending;
    for _ in 0..100 {
        match s.read() {
            Ok(net::NetReadStatus::Pending) => {},
            Ok(other) => {
                frame = other;
                break;
            },
            Err(e) => return tell!(l, "read", e),
        }
    }
    tell!(l, "read a message", frame);
    tell!(l, "peek", s.peek(2));
    tell!(l, "read-bytes 0", s.read_bytes(0));
    tell!(l, "read-bytes 2", s.read_bytes(2));
    tell!(l, "read-bytes more", s.read_bytes(10));
    tell!(l, "read nothing", s.read());
    tell!(l, "read-timeout", s.read_timeout());
    tell!(l, "set-read-timeout", s.set_read_timeout(Some(20)));
    tell!(l, "read-timeout set", s.read_timeout());
    tell!(l, "read-bytes nothing", s.read_bytes(10));
    tell!(l, "peek nothing", s.peek(10));
    tell!(l, "write-timeout", s.write_timeout());
    tell!(l, "set-write-timeout", s.set_write_timeout(Some(2000)));
    tell!(l, "write-timeout set", s.write_timeout());
    tell!(l, "write a message", s.write(b"yo"));
    tell!(l, "write-bytes", s.write_bytes(b"end"));
    tell!(l, "nodelay", s.nodelay());
    tell!(l, "set-nodelay", s.set_nodelay(true));
    tell!(l, "nodelay set", s.nodelay());
    tell!(l, "hop-limit", s.hop_limit());
    tell!(l, "set-hop-limit", s.set_hop_limit(9));
    tell!(l, "hop-limit set", s.hop_limit());
    tell!(l, "set-hop-limit 0", s.set_hop_limit(0));
    tell!(l, "keepalive", s.keepalive());
    tell!(l, "set-keepalive", s.set_keepalive(Some(5)));
    tell!(l, "keepalive set", s.keepalive());
    tell!(l, "set-keepalive none", s.set_keepalive(None));
    tell!(l, "keepalive none", s.keepalive());
    tell!(l, "linger", s.linger());
    tell!(l, "set-linger", s.set_linger(Some(3500)));
    tell!(l, "linger set", s.linger());
    tell!(l, "set-linger none", s.set_linger(None));
    tell!(l, "reuseaddr", s.reuseaddr());
    tell!(l, "set-reuseaddr", s.set_reuseaddr(false));
    tell!(l, "reuseaddr set", s.reuseaddr());
    let _ = s.set_reuseaddr(true); // else nobody may bind the port until the connection is forgotten
    tell!(l, "peer-addr", s.peer_addr().map(|a| a.starts_with("127.0.0.1:")));
    tell!(l, "local-addr", s.local_addr());
    tell!(l, "connection-owner", context::connection_owner(s));
    tell!(l, "connection-principal", context::connection_principal(s));
    drop(s.subscribe_readable());
    // To use what read-stream and write-stream give panics inside the runtime 2026.10.1.
    tell!(l, "shutdown send", s.shutdown(net::ShutdownHow::Send));
    tell!(l, "write-bytes after", s.write_bytes(b"x").is_err());
    tell!(l, "write after", s.write(b"x"));
    let _ = s.set_read_timeout(Some(5000));
    tell!(l, "read-bytes the end", s.read_bytes(10));
    tell!(l, "read the end", s.read());
    tell!(l, "shutdown both", s.shutdown(net::ShutdownHow::Both).is_ok());
}

fn program_lines(l: &mut Lines) {
    let ran = process::spawn(&spawn("true"));
    tell!(l, "spawn", ran.map(|r| (r.stdout, r.stderr, r.exit.exit_code, r.exit.signal)));
    let mut odd = spawn("true");
    odd.env = vec![process::EnvVar { key: "PATH".into(), value: "x".into() }];
    tell!(l, "spawn with a reserved variable", process::spawn(&odd).map(|_| "ran"));
    odd.env = vec![process::EnvVar { key: "A-B".into(), value: "x".into() }];
    tell!(l, "spawn with an odd variable", process::spawn(&odd).map(|_| "ran"));
    let mut up = spawn("true");
    up.cwd = Some("../up".into());
    tell!(l, "spawn elsewhere", process::spawn(&up).map(|_| "ran"));
    let mut large = spawn("true");
    large.stdin = Some(vec![0; (4 << 20) + 1]);
    tell!(l, "spawn with too much", process::spawn(&large).map(|_| "ran"));
    match process::spawn_background(&spawn("true")) {
        Err(e) => tell!(l, "spawn-background", e),
        Ok(p) => {
            tell!(l, "handle os-pid", p.os_pid().map(|pid| pid > 0));
            tell!(l, "handle write-stdin", p.write_stdin(b"x"));
            tell!(l, "handle close-stdin", p.close_stdin());
            tell!(l, "handle wait-with-output", p.wait_with_output(Some(1)).map(|_| "waited"));
            tell!(l, "handle wait", p.wait(Some(20_000)).map(|e| (e.exit_code, e.signal)));
            tell!(l, "handle wait again", p.wait(Some(1)).map(|e| (e.exit_code, e.signal)));
            tell!(l, "handle os-pid after", p.os_pid().map(|pid| pid > 0));
            tell!(l, "handle signal after", p.signal(process::ProcessSignal::Term));
            tell!(l, "handle read-logs after", p.read_logs().map(|r| (r.stdout, r.stderr, r.running, r.exit.map(|e| (e.exit_code, e.signal)))));
            tell!(l, "handle kill after", p.kill().map(|k| (k.killed, k.exit.map(|e| (e.exit_code, e.signal)))));
            drop(p.subscribe_exit());
            drop(p.subscribe_logs());
        },
    }
    let mut sleep = spawn("sleep");
    sleep.args = vec!["100".into()];
    let many: Vec<_> = (0..9).map(|_| process::spawn_background(&sleep)).collect();
    tell!(l, "programs at once", many.iter().map(|p| p.as_ref().map(|_| "runs")).collect::<Vec<_>>());
    if let Ok(p) = &many[0] {
        tell!(l, "handle wait for a sleeper", p.wait(Some(1)).map(|e| e.exit_code));
        tell!(l, "handle read-logs of a sleeper", p.read_logs().map(|r| (r.running, r.exit.is_some())));
        tell!(l, "handle signal a sleeper", p.signal(process::ProcessSignal::Usr1));
        tell!(l, "handle kill a sleeper", p.kill().map(|k| (k.killed, k.exit.map(|e| (e.exit_code, e.signal)))));
        tell!(l, "handle kill again", p.kill().map(|k| (k.killed, k.exit.map(|e| (e.exit_code, e.signal)))));
    }
    drop(many);
    tell!(l, "spawn-persistent of a caller", process::spawn_persistent(&sleep).map(|_| "runs"));
}

fn spawn(cmd: &str) -> process::SpawnRequest {
    process::SpawnRequest {
        cmd: cmd.into(), args: vec![], stdin: None, env: vec![], cwd: None, limits: None, file_injections: vec![], label: None,
        keep_stdin_open: None, overflow: None, log_ring_bytes: None, max_lifetime_ms: None, idle_timeout_ms: None, exit_retention_ms: None,
    }
}

fn process_lines(l: &mut Lines) {
    tell!(l, "spawn denied", process::spawn(&spawn("false")).map(|r| r.stdout));
    tell!(l, "spawn-background denied", process::spawn_background(&spawn("false")).map(|_| "running"));
    tell!(l, "spawn-persistent denied", process::spawn_persistent(&spawn("false")));
    tell!(l, "attach", process::attach("x").map(|_| "attached"));
    tell!(l, "list-processes", process::list_processes(None).map(|p| p.len()));
    tell!(l, "status", process::status("x").map(|_| "status"));
    tell!(l, "status-many", process::status_many(&["x".to_string()]).map(|p| p.len()));
    tell!(l, "read-logs", process::read_logs("x").map(|_| "logs"));
    tell!(l, "read-since", process::read_since("x", process::LogStream::Stdout, &process::LogCursor { token: None }, 1).map(|_| "read"));
    tell!(l, "write-stdin", process::write_stdin("x", b"a"));
    tell!(l, "close-stdin", process::close_stdin("x"));
    tell!(l, "signal", process::signal("x", process::ProcessSignal::Term));
    tell!(l, "wait", process::wait("x", 1).map(|_| "waited"));
    tell!(l, "stop", process::stop("x", None).map(|_| "stopped"));
    tell!(l, "release-process", process::release_process("x"));
    tell!(l, "watch", process::watch("x", None));
    tell!(l, "unwatch", process::unwatch("x"));
}

fn people_lines(l: &mut Lines) {
    let request = |action: String| approval::ApprovalRequest { action, target_resource: "git push".into() };
    tell!(l, "request-approval", approval::request_approval(&request("git push".into())).map(|r| r.decision));
    tell!(l, "request-approval empty", approval::request_approval(&request(String::new())).map(|r| r.decision));
    tell!(l, "request-approval long", approval::request_approval(&request("a".repeat(257))).map(|r| r.decision));
    let ask = |kind, options: Option<Vec<String>>, default: Option<&str>| elicit::ElicitRequest {
        kind, key: "KEY".into(), description: "d".into(), options, default_value: default.map(String::from),
    };
    tell!(l, "elicit secret with default", elicit::elicit(&ask(elicit::ElicitType::Secret, None, Some("x"))));
    tell!(l, "elicit array with default", elicit::elicit(&ask(elicit::ElicitType::Array, None, Some("x"))));
    tell!(l, "elicit select of nothing", elicit::elicit(&ask(elicit::ElicitType::Select, None, None)));
    tell!(l, "elicit select of none", elicit::elicit(&ask(elicit::ElicitType::Select, Some(vec![]), None)));
    tell!(l, "elicit select of another", elicit::elicit(&ask(elicit::ElicitType::Select, Some(vec!["a".into()]), Some("b"))));
    tell!(l, "has-secret", elicit::has_secret("KEY"));
    let resolve = identity::IdentityResolveRequest { platform: "p".into(), platform_user_id: "u".into() };
    tell!(l, "identity-resolve", identity::identity_resolve(&resolve).map(|_| "resolved"));
    let link = |user: &str| identity::IdentityLinkRequest {
        platform: "p".into(), platform_user_id: "u".into(), astrid_user_id: user.into(), method: "m".into(),
    };
    tell!(l, "identity-link no uuid", identity::identity_link(&link("x")));
    tell!(l, "identity-link nobody", identity::identity_link(&link("00000000-0000-4000-8000-0000000000ff")));
    let unlink = identity::IdentityUnlinkRequest { platform: "p".into(), platform_user_id: "u".into() };
    tell!(l, "identity-unlink", identity::identity_unlink(&unlink));
    let create = identity::IdentityCreateUserRequest { display_name: None };
    tell!(l, "identity-create-user", identity::identity_create_user(&create).map(|_| "created"));
    tell!(l, "identity-list-links no uuid", identity::identity_list_links("x").map(|list| list.len()));
    tell!(l, "identity-list-links", identity::identity_list_links("00000000-0000-4000-8000-0000000000ff").map(|list| list.len()));
    tell!(l, "uplink-register", uplink::uplink_register("n", "p", uplink::UplinkProfile::Chat));
    tell!(l, "uplink-send", uplink::uplink_send("x", "u", "c"));
}

fn lines() -> Lines {
    let mut l = Vec::new();
    sys_lines(&mut l);
    kv_lines(&mut l);
    ipc_lines(&mut l);
    fs_lines(&mut l);
    net_lines(&mut l);
    process_lines(&mut l);
    people_lines(&mut l);
    listener_lines(&mut l);
    program_lines(&mut l);
    l
}

impl Guest for Conformance {
    fn astrid_hook_trigger(action: String, _payload: Vec<u8>) -> CapsuleResult {
        if action != "tool_describe" {
            return CapsuleResult { action: "deny".into(), data: None };
        }
        let tools: Vec<_> = lines()
            .iter()
            .enumerate()
            .map(|(i, (name, got))| {
                serde_json::json!({"name": format!("line{i:04}"), "description": format!("{name} = {got}"), "input_schema": {"type": "object"}})
            })
            .collect();
        let data = serde_json::json!({"tools": tools, "description": ""}).to_string();
        CapsuleResult { action: "continue".into(), data: Some(data) }
    }

    fn run() {}
    fn astrid_install() {}
    fn astrid_upgrade() {}
}

astrid_sys::export!(Conformance with_types_in astrid_sys);
